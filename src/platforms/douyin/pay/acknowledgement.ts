import type { Acknowledgement, HttpReply } from '../../callback.js';
import { refundEntry, settingsOf } from './settings.js';

const reply = (status: number, body: object): HttpReply => ({
  status,
  contentType: 'application/json',
  body: JSON.stringify(body),
});

/** In Douyin's words. Anything but `err_no` 0 is sent again, most of it for half an hour, a refund request for three days. */
export function acknowledge(acknowledgement: Acknowledgement): HttpReply {
  switch (acknowledgement.kind) {
    case 'retry':
      return reply(500, { err_no: 1, err_tips: 'not stored, send it again' });
    case 'refused':
      return reply(401, { err_no: 2, err_tips: 'refused' });
    case 'accepted': {
      const { callback, refundNumber, settings, notifyUrl } = acknowledgement;
      const success = { err_no: 0, err_tips: 'success' };
      if (callback.content.kind !== 'refund_request' || refundNumber === undefined) return reply(200, success);
      // The same request must always get the same number; Douyin looks at nothing else of the answer.
      const data = {
        out_refund_no: refundNumber,
        order_entry_schema: refundEntry(settingsOf(settings ?? {}), refundNumber),
        ...(notifyUrl === undefined ? {} : { notify_url: notifyUrl }),
      };
      return reply(200, { ...success, data });
    }
  }
}
