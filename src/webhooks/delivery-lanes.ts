/** The kind of the lanes that send deliveries; a lane is an endpoint. */
export const DELIVERY_LANES = 'webhooks';
