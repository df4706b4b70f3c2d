import type { Draft } from '#pipelines/model.js';
import {
  companyNames,
  firstNames,
  lastNames,
  legalForms,
  mailProviders,
  streetNames,
  streetTypes,
  type Town,
  towns,
  trades,
} from './names.js';
import type { Chance } from './random.js';

/** A customer as its fields, before it becomes a row; blank fields are absent. */
export interface Person {
  readonly kind: 'person' | 'company';
  /** Of a company: its name. Of a person: absent. */
  readonly company?: string | undefined;
  readonly first?: string | undefined;
  readonly last?: string | undefined;
  readonly unit?: string | undefined;
  readonly house?: string | undefined;
  readonly street?: string | undefined;
  /** `Street`, `Road` … */
  readonly streetType?: string | undefined;
  readonly city?: string | undefined;
  readonly region?: string | undefined;
  readonly postalCode?: string | undefined;
  readonly country?: string | undefined;
  /** Ten digits, as they are dialled at home. */
  readonly phone?: string | undefined;
  readonly email?: string | undefined;
}

const areaCodes: Readonly<Record<string, string>> = { NSW: '02', ACT: '02', VIC: '03', TAS: '03', QLD: '07' };

/** Makes customers of whom no two share a telephone number or an e-mail address. */
export class Population {
  readonly #chance: Chance;
  readonly #taken = new Set<string>();

  constructor(chance: Chance) {
    this.#chance = chance;
  }

  make(): Person {
    return this.#chance.happens(0.7) ? this.person() : this.company();
  }

  person(): Person {
    const chance = this.#chance;
    const first = this.firstName();
    const last = this.lastName();
    return {
      kind: 'person',
      first,
      last,
      ...this.address(),
      ...(chance.happens(0.85) ? { phone: this.phone() } : {}),
      ...(chance.happens(0.7) ? { email: this.personalEmail(first, last) } : {}),
    };
  }

  company(): Person {
    const chance = this.#chance;
    const town = chance.pickSkewed(towns);
    const company = this.companyName(town);
    const domain = `${company.toLowerCase().replaceAll(/[^a-z0-9]/g, '')}.example`;
    return {
      kind: 'company',
      company,
      ...(chance.happens(0.4) ? { first: this.firstName(), last: this.lastName() } : {}),
      ...this.address(town),
      ...(chance.happens(0.9) ? { phone: this.phone(town) } : {}),
      ...(chance.happens(0.7)
        ? { email: this.unique(() => `${chance.pick(['info', 'office', 'accounts', 'orders', 'mail'])}@${domain}`) }
        : {}),
    };
  }

  firstName(): string {
    return this.#chance.pickSkewed(firstNames);
  }

  lastName(): string {
    return this.#chance.pickSkewed(lastNames);
  }

  /** Not one of these. */
  otherFirstName(...known: readonly (string | undefined)[]): string {
    const initials = known.map((name) => name?.charAt(0));
    for (;;) {
      const name = this.firstName();
      if (!known.includes(name) && !initials.includes(name.charAt(0))) return name;
    }
  }

  companyName(town: Town): string {
    const chance = this.#chance;
    const name = this.unique(() =>
      chance.happens(0.5)
        ? chance.pick(companyNames)
        : `${chance.happens(0.5) ? chance.pick(lastNames) : town.city} ${chance.pick(trades)}`,
    );
    return chance.happens(0.35) ? `${name} ${chance.pick(legalForms)}` : name;
  }

  address(town: Town = this.#chance.pickSkewed(towns)) {
    const chance = this.#chance;
    const [streetType] = chance.pick(streetTypes);
    return {
      ...(chance.happens(0.12) ? { unit: String(chance.between(1, 40)) } : {}),
      house: String(chance.between(1, 300)),
      street: chance.pick(streetNames),
      streetType,
      ...town,
      ...(chance.happens(0.8) ? { country: 'Australia' } : {}),
    };
  }

  phone(town?: Town): string {
    const chance = this.#chance;
    const isMobile = town === undefined || chance.happens(0.4);
    const area = areaCodes[town?.region ?? ''] ?? '08';
    return this.unique(() => chance.digits(isMobile ? '04########' : `${area}9#######`));
  }

  personalEmail(first: string, last: string): string {
    const chance = this.#chance;
    const [given, family] = [first, last].map((name) => name.toLowerCase().replaceAll(/[^a-z]/g, '')) as [
      string,
      string,
    ];
    return this.unique((attempt) => {
      const number = attempt > 0 ? String(chance.below(1000 * attempt)) : '';
      const user = chance.pick([`${given}.${family}`, `${given.charAt(0)}${family}`, `${given}${family}`, given]);
      const year = user === given ? String(chance.between(1950, 2004)) : number;
      return `${user}${year}@${chance.pick(mailProviders)}`;
    });
  }

  /** The first result that nobody had before. */
  unique(make: (attempt: number) => string): string {
    for (let attempt = 0; ; attempt += 1) {
      const text = attempt > 40 ? `${attempt}${make(attempt)}` : make(attempt);
      if (this.#taken.has(text)) continue;
      this.#taken.add(text);
      return text;
    }
  }
}

/** How a row writes what it knows. */
export interface RowStyle {
  /** The name of a person stands in `customerName`. */
  readonly name: 'both' | 'parts' | 'whole' | 'lastFirst';
  readonly phone: (digits: string) => string;
  readonly short: boolean;
  readonly upper: boolean;
  /** Between a unit and the house number. */
  readonly unit: (unit: string, house: string) => string;
}

/** Six notations of one number, and how each begins. */
export const phoneNotations: readonly ((digits: string) => string)[] = [
  (digits) => digits,
  (digits) => `${digits.slice(0, 4)} ${digits.slice(4, 7)} ${digits.slice(7)}`,
  (digits) => `+61 ${digits.slice(1, 4)} ${digits.slice(4, 7)} ${digits.slice(7)}`,
  (digits) => `(${digits.slice(0, 2)}) ${digits.slice(2, 6)}-${digits.slice(6)}`,
  (digits) => `+61${digits.slice(1)}`,
  (digits) => `0061 ${digits.slice(1, 2)} ${digits.slice(2)}`,
];

const unitNotations: readonly RowStyle['unit'][] = [
  (unit, house) => `${unit}/${house}`,
  (unit, house) => `Unit ${unit}, ${house}`,
  (unit, house) => `Apt ${unit} ${house}`,
];

export const plainStyle: RowStyle = {
  name: 'both',
  phone: phoneNotations[1] ?? ((digits) => digits),
  short: false,
  upper: false,
  unit: unitNotations[0] ?? ((unit, house) => `${unit}/${house}`),
};

/** How another clerk, or another program, writes. */
export function makeStyle(chance: Chance): RowStyle {
  return {
    name: chance.pick(['both', 'both', 'both', 'parts', 'whole']),
    phone: chance.pick(phoneNotations),
    short: chance.happens(0.5),
    upper: chance.happens(0.1),
    unit: chance.pick(unitNotations),
  };
}

const shortStreetTypes = new Map(streetTypes);

/** The row that a clerk writes of a customer. */
export function toRow(customer: Person, style: RowStyle): Draft {
  const { company, first = '', last = '', unit, house, street, streetType = '', phone } = customer;
  const whole = style.name === 'lastFirst' ? `${last}, ${first}` : `${first} ${last}`.trim();
  const hasParts = company !== undefined || style.name === 'both' || style.name === 'parts';
  const type = style.short ? (shortStreetTypes.get(streetType) ?? streetType) : streetType;
  const number = house === undefined ? undefined : unit === undefined ? house : style.unit(unit, house);
  const address = [number, street, street === undefined ? undefined : type].filter(Boolean).join(' ');
  const fields = {
    customerName: company ?? (style.name === 'parts' ? undefined : whole),
    firstName: hasParts ? first : undefined,
    lastName: hasParts ? last : undefined,
    address,
    city: customer.city,
    region: customer.region,
    postalCode: customer.postalCode,
    country: customer.country,
    phoneNumber: phone === undefined ? undefined : style.phone(phone),
    emailAddress: customer.email,
  };
  return Object.fromEntries(
    Object.entries(fields).flatMap(([name, value]) =>
      value === undefined || value === '' ? [] : [[name, style.upper ? value.toUpperCase() : value]],
    ),
  );
}
