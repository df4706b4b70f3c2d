/**
 * What people type where an e-mail address is required and there is none, in lower case. Nobody's mailbox is called so; a
 * customer with such an address has none, and it is no key.
 */
const nobody =
  /^(?:no[-._]?e?[-._]?mail|not?[-._]?(?:given|known|provided|available|reply)|do[-._]?not[-._]?reply|none|nobody|no[-._]?one|unknown|n[-._]?a|null|nil|test(?:er|ing)?\d*|example|dummy|fake|x+|asdf+|keine?[-._]?(?:e[-._]?)?mail|sin[-._]?(?:e[-._]?mail|correo)|sans[-._]?(?:e[-._]?mail|mail))$/;

/** Words that may be somebody's mailbox: they say nothing about who a customer is, but a key may be called so. */
const hardlyAnybody = /^(?:no|abc|123|blank)$/;

/** Domains that stand for none, whatever is before the @. */
const nowhere = /^(?:none|test|noemail|nomail|no-?email|na|nil|unknown)(?:\.[a-z.]+)?$/;

/** Whether the part before the @ of an address, in lower case, stands for nobody: `noemail@…`, `test@…`. */
export function isFillerUser(address: string): boolean {
  return nobody.test(emailUser(address));
}

/** Whether an address, in lower case, was typed because a form asked for one: `noemail@…`, `test@…`, `x@none.com`. */
export function isFillerEmail(email: string): boolean {
  return (
    isFillerUser(email) || hardlyAnybody.test(emailUser(email)) || nowhere.test(email.slice(email.lastIndexOf('@') + 1))
  );
}

/** The part of an address before the @, without a suffix after `+`. */
export function emailUser(email: string): string {
  return email.slice(0, email.lastIndexOf('@')).replace(/\+.*$/, '');
}
