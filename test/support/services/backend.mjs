// Runs a back end of dist, which lines of JSON call: backend.mjs DIST METHOD. Answers are {"id", "result" or "error"}.
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';

const [dist, method] = process.argv.slice(2);
const { makeBackend } = await import(`${dist}/firewall/choose.js`);
const say = (answer) => console.log(JSON.stringify(answer));
const backend = makeBackend(method, {
  config: { blockIpv6Prefix: 64 },
  now: Date.now,
  onLost: () => say({ event: 'lost' }),
  tell: (text) => say({ event: 'tell', text }),
});

const blockOf = (target, forMs) => ({
  target,
  family: target.includes(':') ? 6 : 4,
  since: Date.now(),
  until: forMs === null ? null : Date.now() + forMs,
  cause: {},
});

const verbs = {
  open: () => backend.open(),
  block: (targets, forMs) => Promise.all(targets.map((target) => backend.block(blockOf(target, forMs)))),
  release: (targets) => Promise.all(targets.map((target) => backend.release(blockOf(target, null)))),
  list: () => backend.list(),
  spare: async (prefixes) => (await backend.spare?.(prefixes)) ?? null,
  close: (blocks) => backend.close(blocks),
  pid: async () => childPid(),
};

/** The program that the back end keeps open: this process has no other child. */
function childPid() {
  const children = readFileSync(`/proc/self/task/${process.pid}/children`, 'utf8').trim();
  return children === '' ? undefined : Number(children.split(' ')[0]);
}

createInterface({ input: process.stdin }).on('line', (line) => {
  const { id, verb, args } = JSON.parse(line);
  verbs[verb](...args).then(
    (result) => say({ id, result }),
    (error) => say({ id, error: error.message }),
  );
});
say({ event: 'listening' });
