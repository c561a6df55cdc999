/**
 * A platform says what cannot be: another amount, merchant, program or payer than ours, a transaction that another attempt
 * has, a refund of more than was paid. Nothing of it is believed; whoever heard it keeps it for a person to look at
 * (`callback.parked`) and raises an alarm.
 */
export class Mismatch extends Error {
  override readonly name = 'Mismatch';

  constructor(
    /** What differs: `amount`, `currency`, `merchant`, `program`, `payer`, `transaction`, `unknown_payment`, … */
    readonly field: string,
    message: string,
    readonly objectId: string | null = null,
  ) {
    super(message);
  }
}

/** A platform tells the second thing before the first: what it says will fit when it says it again. */
export class TooEarly extends Error {
  override readonly name = 'TooEarly';
}
