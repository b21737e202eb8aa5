import { afterAll, beforeAll, expect, test } from 'vitest';
import { undoOf } from '../../src/config/undo.ts';
import { createLab, type Lab } from '../support/lab.ts';

/** The undo that `check` advises, on a host with the real programs: after the command and its undo nothing is left. */

const SETUP = `
  nft add table ip filter
  nft 'add chain ip filter input { type filter hook input priority 0; }'
  nft add table inet own
  nft 'add set inet own scanners { type ipv4_addr; flags timeout; }'
  nft add set inet own plain '{ type ipv4_addr; }'
  iptables -N LOGGED
  ipset create scanners hash:ip timeout 0
  # The first rule makes the table, which stays.
  ip6tables -I INPUT -s fd99:9::99 -j DROP
  nft add rule ip filter input ip saddr 10.9.9.99 drop
  iptables -A INPUT -s 10.9.9.99 -j DROP`;

const STATE = `
  nft -a list ruleset | grep -v '^# Warning' | sed 's/counter packets [0-9]* bytes [0-9]*//'
  iptables-save | grep -v '^#' | sed 's/\\[.*//'
  ip6tables-save | grep -v '^#' | sed 's/\\[.*//'
  ip -4 route show table all
  ip -4 rule
  ipset save | sed 's/timeout [0-9]*//'`;

let lab: Lab;
beforeAll(async () => {
  lab = await createLab({ name: 'undo' });
  expect(await run(SETUP)).toMatchObject({ code: 0 });
});
afterAll(() => lab?.close());

const run = (script: string) => lab.run(lab.victim, ['sh', '-c', script]);

test.each([
  ['10.9.9.9', '/sbin/route add -host $TARGET$ reject'],
  ['10.9.9.9', '/sbin/iptables -I INPUT -s $TARGET$ -j DROP'],
  ['10.9.9.9', '/sbin/iptables -I INPUT 2 -s $TARGET$ -j DROP'],
  ['10.9.9.9', 'iptables -w -A INPUT -s $TARGET$ -j DROP'],
  [
    '10.9.9.9',
    "/sbin/iptables -I INPUT -s $TARGET$ -j DROP && /sbin/iptables -I INPUT -s $TARGET$ -m limit --limit 3/minute --limit-burst 5 -j LOG --log-level debug --log-prefix 'Portsentry: dropping: '",
  ],
  ['10.9.9.9', 'iptables -C INPUT -s $TARGET$ -j DROP || iptables -I INPUT -s $TARGET$ -j DROP'],
  ['10.9.9.9', '/sbin/iptables -I INPUT -s $TARGET$ -j DROP && echo "$TARGET$:$PORT$" >> /var/log/block.log'],
  ['fd99:9::9', '/sbin/ip6tables -I INPUT -s $TARGET$ -j DROP'],
  ['fd99:9::9', 'iptables -I INPUT -s $TARGET$ -j DROP || ip6tables -I INPUT -s $TARGET$ -j DROP'],
  ['10.9.9.9', 'ip route add blackhole $TARGET$'],
  ['10.9.9.9', 'ip rule add from $TARGET$ blackhole'],
  ['10.9.9.9', 'nft add rule ip filter input ip saddr $TARGET$ drop'],
  ['10.9.9.9', 'nft insert rule ip filter input ip saddr $TARGET$ counter drop'],
  ['10.9.9.9', "nft 'add element inet own scanners { $TARGET$ timeout 1d }'"],
  ['10.9.9.9', 'nft add element inet own plain { $TARGET$ }'],
  ['10.9.9.9', 'ipset -exist add scanners $TARGET$ timeout 600'],
  ['10.9.9.9', 'ipset add scanners $TARGET$; iptables -I INPUT -s $TARGET$ -j DROP'],
])('%s: %s', async (target, command) => {
  const undo = undoOf(command);
  if (!undo.known) throw new Error(undo.why);
  const filled = (text: string) => text.replaceAll('$TARGET$', target).replaceAll('$PORT$', '1');
  const before = await run(STATE);
  expect(before).toMatchObject({ code: 0, stdout: expect.stringContaining('10.9.9.99') });
  expect(await run(filled(command))).toMatchObject({ code: 0 });
  expect((await run(STATE)).stdout, 'the command blocks').not.toBe(before.stdout);
  expect(await run(filled(undo.command))).toMatchObject({ code: 0 });
  expect((await run(STATE)).stdout).toBe(before.stdout);
});
