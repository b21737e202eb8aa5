// How long a look before a block takes, median and longest of 101, after `npm run build`:
// node native-notes/measure/lookup.mjs
import { HostLookup } from '../../dist/respond/host-lookup.js';

const lookup = new HostLookup({ now: () => performance.now() });
for (const asksTimeDaemons of [false, true]) {
  const times = [];
  for (let index = 0; index < 101; index++) {
    const begun = performance.now();
    await lookup.look({ about: null, asksTimeDaemons });
    times.push(performance.now() - begun);
  }
  times.sort((a, b) => a - b);
  const name = asksTimeDaemons ? 'with time daemons' : 'without';
  console.log(name.padEnd(18), `${times[50].toFixed(2)} ms, at most ${times[100].toFixed(2)} ms`);
}
await lookup.close();
