import { onRedis, onPostgres } from './support/stand.js';
import { setTimeout as pause } from 'node:timers/promises';
const s = await (process.argv[2] === 'redis' ? onRedis : onPostgres)();
const SECONDS = Number(process.argv[3] ?? 8);
interface Row { due: number; at: number; worked: number }
const rows = new Map<string, Row[]>();
const running = new Map<string, number>();
let overlaps = 0, runs = 0;
const kind = (c: number) => ({ name: 'k', concurrency: c, sweepEvery: 600_000, due: async () => [], run: async ({ lane }: { lane: string }) => {
  runs++;
  running.set(lane, (running.get(lane) ?? 0) + 1);
  if (running.get(lane)! > 1) overlaps++;
  const mine = rows.get(lane) ?? [];
  const now = Date.now();
  const due = mine.filter((r) => !r.worked && r.due <= now);
  const later = Math.min(...mine.filter((r) => !r.worked && r.due > now).map((r) => r.due));
  await pause(Math.random() < 0.5 ? 0 : Math.random() * 15);
  for (const r of due) r.worked = Date.now();
  running.set(lane, running.get(lane)! - 1);
  return later === Infinity ? 'idle' as const : { at: new Date(later) };
} });
const ps = await Promise.all(Array.from({ length: 4 }, () => s.process()));
for (const p of ps) { p.lanes.declare(kind(3)); }
for (const p of ps) await p.lanes.start();
const end = Date.now() + SECONDS * 1000; let n = 0;
const lanes = Number(process.argv[4] ?? 8);
await Promise.all(Array.from({ length: 16 }, async (_, i) => {
  while (Date.now() < end) {
    const lane = 'l' + Math.floor(Math.random() * lanes);
    const kindOf = Math.random();
    const due = kindOf < 0.4 ? 0 : Date.now() + (kindOf < 0.8 ? Math.random() * 40 : Math.random() * 1000);
    const row = { due: Math.floor(due), at: Date.now(), worked: 0 };
    if (!rows.has(lane)) rows.set(lane, []);
    rows.get(lane)!.push(row); n++;
    await ps[i % 4]!.lanes.nudge('k', { appId: 'a', lane }, due ? new Date(row.due) : undefined);
    await pause(Math.random() * Number(process.argv[5] ?? 40));
  }
}));
await pause(2500);
const all = [...rows.values()].flat();
const open = all.filter((r) => !r.worked);
const late = all.filter((r) => r.worked).map((r) => r.worked - Math.max(r.due, r.at)).sort((a, b) => a - b);
console.log({ rows: n, runs, overlaps, unworked: open.length, p50: late[late.length >> 1], p99: late[Math.floor(late.length * 0.99)], max: late.at(-1) });
console.log(s.log, ...await ps[0]!.lanes.counts());
await s.close();
