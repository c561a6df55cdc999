/** The kind of the lanes that send messages; a lane is a platform account. */
export const MESSAGE_LANES = 'notifications';
/** The kind of the lanes that turn broadcasts into messages; a lane is an app. */
export const BROADCAST_LANES = 'broadcasts';
/** The kind of the lanes that settle what nobody heard of; a lane is an app. */
export const SETTLING_LANES = 'notification-settling';

/** Business time (hours) after which the consent of an unknown outcome counts as used. */
export const SETTLE_HOURS = 24;
/** Why a message that is on its way will count as sent, whatever comes: the platform has pushed that it arrived. */
export const DELIVERED = 'delivered';
