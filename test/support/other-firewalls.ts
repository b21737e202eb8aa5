import { inTree, plantTree, TREE } from './debian-tree.ts';
import { writeFile } from './detector.ts';
import type { Lab } from './lab.ts';
import type { LabProcess } from './lab-process.ts';
import { TCP_SERVICE, UDP_SERVICE } from './trial.ts';

/** Firewalls of others as Debian has them, which run in a Debian tree on the victim. */

/** What the tree needs for all of them. */
const PACKAGES = ['iproute2', 'nftables', 'iptables', 'procps', 'ufw', 'firewalld', 'dbus'];

/** A firewall that drops what it does not know, and lets the services of the trials pass. */
export interface OtherFirewall {
  readonly name: string;
  /** Whether it takes away all tables, those of others as well. */
  readonly flushesAll: boolean;
  start(lab: Lab): Promise<void>;
  /** What an administrator does to it while it runs, by name. */
  readonly changes: Readonly<Record<string, (lab: Lab) => Promise<void>>>;
  stop(lab: Lab): Promise<void>;
}

/** Unpacks the tree, and starts what firewalld needs. */
export async function plantFirewalls(lab: Lab): Promise<void> {
  await plantTree(lab, lab.victim, PACKAGES);
  await run('mkdir', '-p', '/run/dbus')(lab);
  await run('dbus-daemon', '--system', '--fork')(lab);
}

/** Runs commands in the tree, one after the other. */
const run =
  (...command: string[]) =>
  async (lab: Lab): Promise<void> => {
    const { code, stdout, stderr } = await lab.run(lab.victim, inTree(...command));
    if (code !== 0) throw new Error(`${command.join(' ')}: ${stdout}${stderr}`);
  };

const ufw: OtherFirewall = {
  name: 'ufw',
  flushesAll: false,
  async start(lab) {
    await run('ufw', 'allow', `${TCP_SERVICE}/tcp`)(lab);
    await run('ufw', 'allow', `${UDP_SERVICE}/udp`)(lab);
    await run('ufw', '--force', 'enable')(lab);
  },
  changes: {
    'ufw reload': run('ufw', 'reload'),
    // What `systemctl restart ufw` does.
    'ufw-init stop and start': run('sh', '-ec', '/lib/ufw/ufw-init stop; /lib/ufw/ufw-init start'),
    'ufw-init force-reload': run('/lib/ufw/ufw-init', 'force-reload'),
  },
  stop: run('ufw', 'disable'),
};

function firewalld(backend: 'nftables' | 'iptables'): OtherFirewall {
  let daemon: LabProcess | null = null;
  const client = (...args: string[]) => run('firewall-cmd', '--quiet', ...args);
  const set = `s/^FirewallBackend=.*/FirewallBackend=${backend}/`;
  return {
    name: `firewalld with ${backend}`,
    flushesAll: false,
    async start(lab) {
      await run('sed', '-i', set, '/etc/firewalld/firewalld.conf')(lab);
      daemon = await lab.start(lab.victim, inTree('firewalld', '--nofork', '--nopid'));
      await lab.waitFor(async () => {
        const { stdout } = await lab.run(lab.victim, inTree('firewall-cmd', '--state'));
        return stdout === 'running\n';
      });
      await client('--permanent', `--add-port=${TCP_SERVICE}/tcp`, `--add-port=${UDP_SERVICE}/udp`)(lab);
      await client('--reload')(lab);
    },
    changes: {
      'firewall-cmd --reload': client('--reload'),
      'firewall-cmd --complete-reload': client('--complete-reload'),
      // An administrator's own rule, which needs no reload.
      'firewall-cmd --add-rich-rule': client(
        `--add-rich-rule=rule family=ipv4 source address=192.0.2.1 reject`,
      ),
    },
    async stop() {
      await daemon?.stop();
    },
  };
}

/** /etc/nftables.conf as Debian ships it begins with `flush ruleset`. The commands are those of nftables.service. */
const CONFIGURATION = '/etc/nftables.conf';

const nftables: OtherFirewall = {
  name: 'nftables.service',
  flushesAll: true,
  start: run('nft', '-f', CONFIGURATION),
  changes: {
    'reload with the file as shipped': run('nft', '-f', CONFIGURATION),
    'reload with a policy of drop': async (lab) => {
      writeFile(lab.victim, `${TREE}${CONFIGURATION}`, DROPPING);
      await run('nft', '-f', CONFIGURATION)(lab);
    },
  },
  stop: run('nft', 'flush', 'ruleset'),
};

const DROPPING = `#!/usr/sbin/nft -f

flush ruleset

table inet filter {
	chain input {
		type filter hook input priority filter; policy drop;
		ct state established,related accept
		iif lo accept
		meta l4proto { icmp, ipv6-icmp } accept
		tcp dport ${TCP_SERVICE} accept
		udp dport ${UDP_SERVICE} accept
	}
}
`;

export const OTHER_FIREWALLS: readonly OtherFirewall[] = [
  ufw,
  firewalld('nftables'),
  firewalld('iptables'),
  nftables,
];
