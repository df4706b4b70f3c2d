/** "Name" alone is a person's or a company's; the columns beside it tell. */
export const bareNames = { name: 'lastName', nom: 'lastName', nombre: 'firstName', nachn: 'lastName' } as const;

/**
 * Words around a heading that do not change what it means, but say which of several it is: the invoice's address goes
 * before the parcel's.
 */
export const contexts = {
  neutral: [
    'customer',
    'client',
    'contact',
    'user',
    'value',
    'kunden',
    'kunde',
    'cliente',
    'person',
    'profile',
    'your',
  ],
  first: [
    ...['billing', 'bill', 'main', 'primary', 'default', 'business', 'work', 'office', 'po', 'invoice'],
    ...['facturation', 'facturacion', 'rechnung', 'rechnungs', 'haupt', 'fiscal', 'principal', 'head'],
  ],
  last: [
    ...[
      'shipping',
      'ship',
      'delivery',
      'other',
      'alternate',
      'alternative',
      'alt',
      'secondary',
      'second',
      'sa',
      'saddr',
    ],
    ...['home', 'private', 'liefer', 'lieferung', 'livraison', 'envio', 'entrega', 'contacto', 's', 'shipment'],
  ],
  /** Stands before the parts of an address and of how to reach someone, never before a name. */
  address: ['address', 'addr', 'adresse', 'direccion'],
} as const;
