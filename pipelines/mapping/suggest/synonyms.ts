/** How well a heading says which field it is for, by the list that it is in. */
export const confidences = { high: 1, good: 0.9, fair: 0.8, medium: 0.75, low: 0.6 } as const;

export type Confidence = keyof typeof confidences;

/** Headings of one field: English, German, French, Spanish, Dutch and Italian, as people and programs write them. */
type Headings = { readonly [confidence in Confidence]?: readonly string[] };

/**
 * The names of the customer's fields in other programs. Case, accents, spaces and punctuation are ignored, and so are words
 * like "customer" and "billing", which `headings.ts` lists.
 */
export const synonyms = {
  customerName: {
    high: [
      ...['company', 'company name', 'business name', 'organisation', 'organization', 'organisation name'],
      ...['organization name', 'customer name', 'account name', 'trading name', 'co last name', 'business'],
      ...['firma', 'firmenname', 'firmenname 1', 'unternehmen', 'firmenbezeichnung'],
      ...[
        'raison sociale',
        'societe',
        'entreprise',
        'nom entreprise',
        'nom d entreprise',
        'nom de l entreprise',
        'nom societe',
        'nom de la societe',
        'nom client',
        'nom du client',
      ],
      ...['empresa', 'razon social', 'nombre razon social', 'nombre empresa', 'nombre fiscal', 'nombre comercial'],
      ...['nombre cliente', 'nombre del cliente', 'kundenname', 'geschaftlicher name', 'denomination'],
      ...[
        'cust name',
        'custname',
        'debtor name',
        'a c name',
        'acct name',
        'acc name',
        'client company',
        'business trading name',
      ],
      ...['bedrijf', 'bedrijfsnaam', 'organisatie', 'klantnaam', 'debiteurnaam', 'firmanaam', 'handelsnaam'],
      ...['azienda', 'ragione sociale', 'nome azienda', 'societa', 'ditta', 'denominazione', 'nome cliente', 'impresa'],
    ],
    medium: [
      ...['full name', 'contact name', 'display name', 'client', 'customer', 'client name', 'kunde', 'cliente'],
      ...['account', 'debtor', 'klant', 'relatie', 'bezeichnung', 'kontobezeichnung'],
    ],
    low: [
      'associated company',
      'nom complet',
      'nombre completo',
      'vollstandiger name',
      'job or customer name',
      'employer',
      'volledige naam',
      'nome completo',
    ],
  },
  firstName: {
    high: [
      ...['first name', 'given name', 'forename', 'christian name', 'fname', 'vorname', 'rufname'],
      ...['prenom', 'nombre de pila', 'primer nombre', 'voornaam', 'roepnaam', 'nome di battesimo'],
    ],
    fair: ['first'],
  },
  lastName: {
    high: [
      ...['last name', 'surname', 'family name', 'lname', 'nachname', 'familienname', 'zuname'],
      ...['nom de famille', 'apellido', 'apellidos', 'primer apellido', 'achternaam', 'familienaam', 'cognome'],
    ],
    fair: ['last'],
  },
  address: {
    high: [
      ...['address', 'street', 'street address', 'address line', 'street name', 'address street', 'addr', 'addr line'],
      ...['baddr', 'mailing address', 'postal address', 'strasse', 'str', 'anschrift', 'strasse und hausnummer'],
      ...['strasse hausnummer', 'strasse nr', 'adresse', 'rue', 'adresse ligne', 'adresse postale', 'adresse voie'],
      ...['direccion', 'domicilio', 'calle', 'direccion postal', 'suite', 'apartment', 'unit', 'adresszusatz'],
      ...[
        'adress zusatz',
        'complement adresse',
        'complement d adresse',
        'house number',
        'hausnummer',
        'haus nr',
        'hausnr',
      ],
      ...['adres', 'straat', 'straatnaam', 'straat en huisnummer', 'huisnummer', 'huisnr', 'toevoeging', 'adresregel'],
      ...['indirizzo', 'via', 'numero civico', 'civico', 'indirizzo postale'],
    ],
    fair: ['suburb', 'district'],
    medium: ['line', 'zusatz', 'complement', 'interno'],
  },
  city: {
    high: [
      ...['city', 'town', 'city town', 'town city', 'place'],
      ...['ort', 'stadt', 'wohnort', 'ville', 'commune', 'localite', 'ciudad', 'poblacion', 'localidad', 'municipio'],
      ...['plaats', 'plaatsnaam', 'woonplaats', 'stad', 'gemeente', 'citta', 'comune', 'localita'],
    ],
    // Where a file has both, the suburb is a part of the address.
    good: ['suburb', 'locality', 'suburb town'],
  },
  region: {
    high: [
      ...['state', 'region', 'province', 'county', 'state province', 'state region', 'state territory', 'territory'],
      ...[
        'state province region',
        'province state',
        'bundesland',
        'kanton',
        'departement',
        'provincia',
        'provinz',
        'estado',
      ],
      ...['comunidad autonoma', 'provincie', 'prov', 'regione'],
    ],
    medium: ['province code', 'state code', 'region code', 'state id'],
  },
  postalCode: {
    high: [
      ...[
        'post code',
        'postal code',
        'postal',
        'zip',
        'zip code',
        'zip postal code',
        'postal zip code',
        'post',
        'pcode',
      ],
      ...['zip postcode', 'plz', 'postleitzahl', 'code postal', 'cp', 'codigo postal', 'cod postal'],
      ...['postcode', 'cap', 'codice postale', 'codice di avviamento postale'],
    ],
  },
  country: {
    high: [...['country', 'country region', 'nation', 'land', 'staat', 'pays', 'pais', 'nazione', 'paese']],
    medium: [
      'country code',
      'country id',
      'country iso',
      'nationskennzeichen',
      'land nr',
      'land iso',
      'pays alpha',
      'code pays',
      'codigo pais',
      ...['country region code', 'landcode', 'land code', 'codice paese', 'codice nazione'],
    ],
  },
  phoneNumber: {
    high: [
      ...['phone', 'phone number', 'telephone', 'telephone number', 'phone no', 'tel', 'tel no', 'landline', 'telno'],
      ...['telefon', 'telefonnummer', 'festnetz', 'tel nr', 'telefono', 'numero de telefono', 'numero de telephone'],
      ...['ph', 'ph no', 'phone numbers', 'telefoon', 'telefoonnummer', 'telefoonnr', 'telnr', 'numero di telefono'],
    ],
    medium: [
      ...['mobile', 'mobile phone', 'mobile number', 'mobile phone number', 'cell', 'cell phone', 'cellphone', 'mob'],
      ...['mobil', 'handy', 'mobilfunknummer', 'portable', 'telephone portable', 'movil', 'telefono movil', 'celular'],
      ...[
        'cellular',
        'mobile no',
        'mobile phone no',
        'mobiel',
        'mobiele telefoon',
        'gsm',
        'cellulare',
        'telefono cellulare',
      ],
    ],
  },
  faxNumber: {
    high: [
      'fax',
      'fax number',
      'fax no',
      'facsimile',
      'telefax',
      'fax phone',
      'fax num',
      'faxnummer',
      'telecopie',
      'faxnr',
    ],
  },
  emailAddress: {
    high: [
      ...['email', 'email address', 'mail', 'mail address', 'emails', 'email s', 'mailadresse', 'email adresse'],
      ...['adresse email', 'adresse mail', 'courriel', 'correo', 'correo electronico', 'direccion de correo'],
      ...['direccion email', 'direccion de correo electronico', 'emailadres', 'email adres', 'mailadres'],
      ...['indirizzo email', 'indirizzo mail', 'posta elettronica', 'indirizzo di posta elettronica'],
    ],
  },
  webSite: {
    high: [
      ...['website', 'web site', 'web', 'url', 'www', 'homepage', 'home page', 'web page', 'website address'],
      ...['website url', 'webseite', 'webadresse', 'internet', 'internetseite', 'site web', 'site internet'],
      ...['pagina web', 'sitio web', 'websiteadres', 'internetadres', 'sito', 'sito web', 'sito internet'],
    ],
  },
  creditLimit: {
    high: [
      ...['credit limit', 'credit limit amount', 'kreditlimit', 'kreditrahmen', 'limite de credit', 'encours maximum'],
      ...['encours autorise', 'limite de credito', 'credito maximo', 'riesgo maximo'],
      ...['cr limit', 'cr lim', 'credit lim', 'credit line', 'on account limit', 'account limit'],
      ...['kredietlimiet', 'limite di credito', 'fido', 'fido massimo'],
    ],
    low: ['limit', 'credit'],
  },
  discountPercent: {
    high: [
      ...['discount', 'discount percent', 'discount percentage', 'discount rate', 'default discount', 'rabatt'],
      ...['rabatt prozent', 'remise', 'taux de remise', 'descuento', 'porcentaje descuento', 'dto'],
      ...['disc', 'disc percent', 'disc rate', 'volume discount', 'korting', 'kortingspercentage', 'sconto'],
    ],
  },
  notes: {
    high: [
      ...['notes', 'note', 'comment', 'comments', 'remark', 'remarks', 'memo', 'bemerkung', 'bemerkungen', 'notiz'],
      ...['notizen', 'anmerkung', 'kommentar', 'commentaire', 'commentaires', 'remarque', 'remarques'],
      ...['observaciones', 'nota', 'notas', 'comentario', 'comentarios', 'notepad', 'opmerking', 'opmerkingen'],
      ...['notities', 'memoveld', 'annotazioni', 'commento', 'commenti'],
    ],
    good: ['description', 'customer notes'],
    medium: ['info', 'additional information', 'informations supplementaires', 'toelichting', 'osservazioni'],
  },
  customerType: {
    high: [
      ...['customer type', 'client type', 'account type', 'ctype', 'kundentyp', 'kundenart', 'type client'],
      ...[
        'type de client',
        'tipo de cliente',
        'tipo cliente',
        'cust type',
        'a c type',
        'acct type',
        'debtor type',
        'klanttype',
        'klantsoort',
      ],
    ],
    medium: [
      'type',
      'typ',
      'tipo',
      'customer group',
      'customer group name',
      'kundengruppe',
      'group',
      'groupe client',
      'grupo de clientes',
      ...['klantgroep', 'gruppo clienti', 'gruppo cliente'],
    ],
    low: ['category', 'kategorie', 'categorie', 'categoria'],
  },
  active: {
    high: ['active', 'is active', 'enabled', 'aktiv', 'actif', 'activo', 'activado', 'kunde aktiv', 'actief', 'attivo'],
    medium: ['status', 'account status', 'customer status', 'estado cliente'],
  },
  rewardsCollector: {
    high: ['rewards collector', 'loyalty member', 'rewards member', 'loyalty', 'rewards program', 'treueprogramm'],
  },
  rewardsNumber: {
    high: [
      ...['rewards number', 'loyalty number', 'loyalty card', 'loyalty card number', 'rewards card', 'member card'],
      ...[
        'membership number',
        'loyalty id',
        'klantenkaart',
        'carta fedelta',
        'kundenkarte',
        'kundenkartennummer',
        'carte de fidelite',
        'tarjeta de fidelidad',
      ],
    ],
  },
  allowMailing: {
    high: [
      ...['allow mailing', 'accepts marketing', 'accepts email marketing', 'email marketing', 'newsletter', 'mail ok'],
      ...['email opt in', 'marketing opt in', 'marketing email opt in', 'marketing consent', 'mailing list'],
      ...['send newsletter', 'receive newsletter', 'email subscription status', 'opt in', 'subscribed', 'werbung'],
      ...['werbung erlaubt', 'newsletter abonniert', 'inscription newsletter', 'boletin', 'acepta publicidad'],
      ...['nieuwsbrief', 'email marketing consent', 'consenso marketing', 'iscrizione newsletter'],
    ],
    low: ['news', 'mailing', 'marketing'],
  },
  allowDataShare: {
    high: ['allow data share', 'data sharing', 'share data', 'allow data sharing', 'third party consent'],
  },
  correspondenceEmail: {
    high: ['correspondence email', 'statements by email', 'email statements', 'invoice by email', 'email invoices'],
  },
  correspondencePaper: {
    high: ['correspondence paper', 'paper statements', 'print statements', 'invoice by post', 'paper invoices'],
  },
  priceBand: {
    high: ['price band', 'price level', 'price tier', 'price list number', 'preisgruppe', 'tarif', 'nivel de precio'],
    good: ['price lvl', 'price list', 'prijsgroep', 'prijslijst', 'listino'],
  },
  bankSortCode: {
    high: ['sort code', 'bank sort code', 'bsb', 'bsb number', 'bank bsb', 'blz', 'bankleitzahl', 'code guichet'],
  },
  bankAccount: {
    high: [
      ...['bank account', 'bank account number', 'iban', 'kontonummer', 'numero de compte', 'cuenta bancaria'],
      ...[
        'bank account no',
        'bankrekening',
        'rekeningnummer',
        'iban nummer',
        'iban nr',
        'bankrekeningnummer',
        'conto corrente',
      ],
    ],
  },
  bankAccountName: {
    high: ['bank account name', 'account holder', 'bank account owner', 'kontoinhaber', 'titulaire du compte'],
    good: ['rekeninghouder', 'naam rekeninghouder', 'tenaamstelling', 'intestatario conto'],
  },
} as const satisfies Record<string, Headings>;

export type SuggestedField = keyof typeof synonyms;

/** Headings that say the opposite of a yes/no field. */
export const opposites = {
  active: [
    ...['inactive', 'is inactive', 'archived', 'disabled', 'blocked', 'gesperrt', 'inaktiv', 'inactif', 'inactivo'],
    // In the card file of MYOB and the list file of QuickBooks, yes means that the customer is not used any more.
    ...['card status', 'hidden', 'inactief', 'geblokkeerd', 'bloccato', 'inattivo'],
  ],
  allowMailing: [
    ...['do not email', 'do not mail', 'unsubscribed', 'opt out', 'email opt out', 'no marketing', 'keine werbung'],
    ...['desinscrit', 'no enviar publicidad', 'geen reclame', 'uitgeschreven', 'no pubblicita'],
  ],
} as const satisfies { readonly [field in SuggestedField]?: readonly string[] };

/** The names of other programs' own identifiers of a customer. */
export const keyHeadings = {
  high: [
    ...['customer id', 'customer no', 'customer number', 'customer code', 'customer ref', 'customer reference'],
    ...['account no', 'account number', 'account id', 'account code', 'account ref', 'client id', 'client no'],
    ...['client number', 'client code', 'member id', 'member no', 'member number', 'patient number'],
    ...['square customer id', 'shopify customer id', 'stripe customer id', 'leid', 'euid', 'xero contact id'],
    ...['external id', 'external unique id', 'legacy id', 'old id', 'debtor number', 'debtor code', 'debitor'],
    ...[
      'debitorennummer',
      'kundennummer',
      'kunden nr',
      'kundennr',
      'kunden id',
      'kundenid',
      'kd nr',
      'kdnr',
      'kunden no',
      'debitor nr',
      'debitoren nr',
      'code client',
      'compte client',
      'id client',
    ],
    ...['numero client', 'numero de client', 'no client', 'ref client', 'cod cliente', 'codigo cliente', 'id cliente'],
    ...['codigo de cliente', 'numero de cliente', 'contact id', 'record id', 'internal id', 'user id'],
    ...['cust no', 'cust nr', 'cust id', 'cust code', 'cust number', 'cust ref', 'card code', 'k kunde'],
    ...['acct no', 'acct number', 'acc no', 'a c no', 'a c', 'a c code', 'debtor no', 'debtor id', 'account nr'],
    ...['klantnummer', 'klantnr', 'klantcode', 'klant id', 'klant nr', 'debiteurnummer', 'debiteurnr', 'debiteur nr'],
    ...['debiteurcode', 'relatienummer', 'relatiecode', 'relatienr', 'lidnummer'],
    ...['codice cliente', 'id cliente', 'n cliente', 'no cliente', 'numero cliente', 'cod cli', 'codice anagrafica'],
  ],
  medium: [
    ...['id', 'reference', 'ref', 'refnum', 'ref num', 'reference id', 'reference number', 'uid', 'guid', 'codigo'],
    ...['card id', 'object id', 'konto', 'codice', 'nummer'],
  ],
  low: [
    ...['code', 'number', 'no', 'nr', 'ean', 'barcode', 'account', 'acct', 'debtor', 'debiteur', 'cust', 'customer'],
    ...['klant', 'cod', 'conto', 'username', 'user name', 'login', 'login name'],
  ],
} as const satisfies Headings;
