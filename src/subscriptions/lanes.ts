/** The kind of the lanes that ask about mandates and end them; a lane is an app. */
export const MANDATE_LANES = 'mandates';
/** The kind of the lanes that renew, collect and end; a lane is an app. */
export const BILLING_LANES = 'billing';
