/**
 * All numbers of the scorer. A weight is the logarithm (base 2) of how much more often two rows of one customer agree, or
 * differ, in this way than rows of two customers: its bits. They add up.
 *
 * Chosen with the labelled sets of `bench/duplicates` (seeds 7, 21 and 99); `npm run bench -- duplicates-accuracy` measures
 * them again.
 */
export const weights = {
  firstNameInitial: 1.5,
  firstNameForm: 4,
  firstNameClose: 3.5,
  /** One has a second first name, the other has not. */
  firstNamePart: 4,
  firstNameOther: -5,
  lastNameClose: 3.5,
  /** One of a double name. */
  lastNamePart: 3,
  lastNameOther: -4.5,
  /** First and last name stand in each other's place. */
  namesSwapped: -1,
  companyClose: 6,
  /** One has words that the other has not. */
  companyPart: 3,
  companyOther: -6,
  personAndCompany: -2,
  email: 10,
  emailOfRole: 7,
  emailUser: 3,
  emailOther: -1,
  phone: 10,
  phoneOther: -1.5,
  /** An e-mail address, telephone or home that many have, where the names are alike. */
  sharedValue: 3,
  postCode: 3.5,
  postCodeClose: 0.5,
  postCodeOther: -2.5,
  city: 1.5,
  cityOther: -1.5,
  streetAndNumber: 7,
  streetAndNumberClose: 5,
  street: 2.5,
  houseNumberOther: -1.5,
  streetOther: -2,
  unit: 1,
  unitOther: -3,
} as const;

/** A name is worth more the fewer have it, up to so many bits. */
export const maxNameBits = { first: 8, last: 9, company: 10 } as const;

/** As if the data had so many more customers, with names of an ordinary frequency: few customers say little about names. */
export const nameFrequencyPrior = { customers: 2000, holders: 4 } as const;

export const limits = {
  /** In bits: from here on two rows are the same customer, when nothing speaks against it. */
  same: 12,
  /** In bits: from here on a person should look. */
  review: 6,
  /** In bits: a best candidate that is no further ahead of the second is not the one. */
  ambiguous: 2,
  /** An e-mail address or telephone that more rows, or more customers, have is nobody's own. */
  maxHolders: 4,
  /** A home with more of them is a house. */
  maxHousehold: 8,
  /** A first name with so many holders is a name, and no typing error; in large data more. */
  minKnownName: 4,
  /** One holder of a known name for so many customers. */
  customersPerKnownName: 5000,
  /** Jaro and Winkler's likeness from which on a word is a misspelling of another. */
  closeWord: 0.9,
  /** Letters by which a misspelling is longer or shorter at most. */
  maxLengthDifference: 3,
  /** Letters that a word must have to be a misspelling of another one. */
  minMisspelled: 4,
  /** Letters of a name that may be the beginning of a longer one. */
  minCutName: 6,
  /** Below this, two words have nothing to do with each other. */
  farWord: 0.75,
  /** Rows with one value of a key that are all compared with each other. */
  maxBlock: 200,
  /** Larger groups are for a person to look at. */
  maxGroup: 10,
} as const;

/** What is said of each piece of evidence, in words. */
export const reasonTexts = {
  sameName: 'same name',
  sameFirstName: 'same first name',
  firstNameForm: 'short form of the first name',
  firstNameClose: 'first name spelled alike',
  firstNamePart: 'first name with and without a second one',
  initial: 'same initial',
  otherFirstName: 'other first name',
  sameLastName: 'same last name',
  lastNameClose: 'last name spelled alike',
  lastNamePart: 'part of a double last name',
  otherLastName: 'other last name',
  swapped: 'first and last name swapped',
  sameCompany: 'same company name',
  companyClose: 'company name spelled alike',
  companyPart: 'company name with more words',
  otherCompany: 'other company name',
  personAndCompany: 'a person and a company',
  sameEmail: 'same e-mail address',
  sameRoleEmail: 'same e-mail address of a desk',
  sharedEmail: 'same e-mail address, which many have',
  sameEmailUser: 'same e-mail name at another provider',
  otherEmail: 'other e-mail address',
  samePhone: 'same phone number',
  sharedPhone: 'same phone number, which many have',
  otherPhone: 'other phone number',
  samePostCode: 'same post code',
  closePostCode: 'post code with one digit wrong',
  otherPostCode: 'other post code',
  sameCity: 'same city',
  otherCity: 'other city',
  sameStreet: 'same street and number',
  closeStreet: 'street and number spelled alike',
  sharedStreet: 'same street and number, where many live',
  streetOnly: 'same street',
  otherHouse: 'other house number',
  otherStreet: 'other street',
  sameUnit: 'same unit',
  otherUnit: 'other unit',
  otherPerson: 'two people: both first names are names of their own',
  otherGeneration: 'two generations: Jr, Sr, II',
  genderForms: 'forms of a name for a man and a woman',
  otherBranch: 'branches: the place differs',
  otherPlaceInName: 'branches: the names differ by a place or number',
} as const;

export type Reason = keyof typeof reasonTexts;
