import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from 'pg';
import { once } from './load.js';
import { createTemplate, examplesOf, post, templateOf } from './notifications-stand.js';
import { logIn, newPeople } from './people.js';
import type { Side } from './stand.js';

const PAUSE_MS = 50;
const PATIENCE_MS = 60_000;

/** Another tenant with one mini-program and one person who has subscribed. */
export async function otherApp({ url, ...side }: Side, sandboxUrl: string, operatorToken: string) {
  const operator = { authorization: `Bearer ${operatorToken}`, 'content-type': 'application/json' };
  const app = await once<{ id: string }>(url, {
    method: 'POST',
    path: '/v1/apps',
    headers: operator,
    body: JSON.stringify({ name: 'other', mode: 'test' }),
  });
  const key = await once<{ secret: string }>(url, {
    method: 'POST',
    path: `/v1/apps/${app.id}/keys`,
    headers: operator,
    body: JSON.stringify({ name: 'bench' }),
  });
  const base = { ...side, url, appId: app.id, secretKey: key.secret };
  const { platformAppId } = await post<{ platformAppId: string }>(base, '/v1/platform-accounts', { platform: 'wechat' }); // prettier-ignore
  const other: Side = { ...base, platformAppId };
  const template = await templateOf(sandboxUrl, other, 'long_term');
  await createTemplate(other, 'bench.single', template, 'long_term');
  const [person] = newPeople(1);
  const [entered] = await logIn(sandboxUrl, other, [person!]);
  const results = { [template.templateId]: 'accept' };
  const accepted = { platform: 'wechat', platformAppId, user: person!.name, templateIds: [template.templateId], answer: 'accept', report: false }; // prettier-ignore
  await once(sandboxUrl, { method: 'POST', path: '/_/consent', headers: {}, body: JSON.stringify(accepted) });
  const headers = { authorization: `Bearer ${entered!.accessToken}`, 'content-type': 'application/json' };
  const body = JSON.stringify({ platform: 'wechat', results });
  await once(url, { method: 'POST', path: '/v1/me/message-consents', headers, body });
  const message = { to: { userId: entered!.user.id }, template: 'bench.single', data: examplesOf(template) };
  return {
    /** Sends one message after another, for as long as that. */
    async latencies(goesOn: (count: number) => boolean): Promise<number[]> {
      const found: number[] = [];
      const client = await other.connect();
      while (goesOn(found.length)) {
        const begun = performance.now();
        const { id } = await post<{ id: string }>(other, '/v1/notifications', message);
        await ended(client, other.appId, id);
        found.push(performance.now() - begun);
        await sleep(PAUSE_MS);
      }
      await client.end();
      return found.sort((a, b) => a - b);
    },
  };
}

async function ended(client: Client, appId: string, id: string): Promise<void> {
  const end = performance.now() + PATIENCE_MS;
  const text = 'select status from notifications where app_id = $1 and id = $2';
  for (;;) {
    const { rows } = await client.query<{ status: string }>({ name: 'status', text, values: [appId, id] });
    const status = rows[0]?.status;
    if (status === 'sent') return;
    if (status !== 'queued' && status !== 'scheduled') throw new Error(`the message is ${status}`);
    if (performance.now() > end) throw new Error('the message was not sent');
    await sleep(5);
  }
}
