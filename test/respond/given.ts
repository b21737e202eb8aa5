import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { BlockMethod, Config } from '../../src/config/config.ts';
import { defaultConfig } from '../../src/config/load.ts';
import { PortSet } from '../../src/config/ports.ts';
import type { Block, BlockCause } from '../../src/firewall/block.ts';
import { CommandBackend } from '../../src/firewall/command.ts';
import { NullBackend } from '../../src/firewall/null.ts';
import { BackendPool } from '../../src/firewall/pool.ts';
import { BlockMemory } from '../../src/ledger/memory.ts';
import { Blocks, type BlocksParts } from '../../src/respond/blocks.ts';
import type { ProbeDetails } from '../../src/track/event.ts';

/** A configuration that only logs, except for these settings. */
export function configWith(settings: Partial<Config>): Config {
  return {
    file: null,
    tcpPorts: new PortSet(),
    udpPorts: new PortSet(),
    advancedPortsTcp: 1024,
    advancedPortsUdp: 1024,
    advancedExcludeTcp: new PortSet(),
    advancedExcludeUdp: new PortSet(),
    detect: defaultConfig().detect,
    ignoreFile: null,
    historyFile: null,
    metricsFile: null,
    metricsListen: null,
    blockedFile: null,
    resolveHost: false,
    blockTcp: 0,
    blockUdp: 0,
    killRoute: null,
    killRoute6: null,
    unkillRoute: null,
    unkillRoute6: null,
    killHostsDeny: null,
    killRunCmd: null,
    killRunCmdFirst: false,
    scanTrigger: 0,
    portBanner: null,
    udpBannerAmplify: false,
    modes: [],
    interfaces: [],
    sensor: 'auto',
    hold: true,
    holdTime: 10_000,
    challenge: false,
    nflogGroup: 20_563,
    knownServices: true,
    scanWindow: 86_400_000,
    blockMethod: null,
    blockTime: 86_400_000,
    blockTimeFactor: 2,
    blockTimeMax: 604_800_000,
    blockIpv6Prefix: 64,
    blockOnExit: 'keep',
    logFormat: 1,
    autoIgnore: true,
    decoyPolicy: 'log',
    blockSpoofable: true,
    logTool: false,
    blockRateMax: 300,
    actionTimeout: 60_000,
    eventFile: null,
    eventFormat: 'ecs',
    eventFileMode: null,
    geoipDb: null,
    notifyCommand: null,
    notifyUrl: null,
    notifyUrlFile: null,
    notifyFormat: 'json',
    notifyTokenFile: null,
    controlSocket: '/run/portsentry.sock',
    stateDir: '/var/lib/portsentry',
    crowdsecUrl: null,
    crowdsecMachine: null,
    crowdsecPasswordFile: null,
    crowdsecKeyFile: null,
    crowdsecCertFile: null,
    crowdsecCertKeyFile: null,
    crowdsecCaFile: null,
    crowdsecInterval: 10_000,
    redisUrl: null,
    redisUser: null,
    redisPasswordFile: null,
    redisStream: 'portsentry',
    redisCertFile: null,
    redisCertKeyFile: null,
    redisCaFile: null,
    shareKeyFile: null,
    share: 'both',
    shareRepeated: false,
    shareMax: 50_000,
    shareTimeMax: 604_800_000,
    user: null,
    ...settings,
  };
}

/** A SYN to TCP port 111 from this address. */
export function knockFrom(source: string, fields: Partial<ProbeDetails> = {}): ProbeDetails {
  return {
    time: 1_795_354_417_000,
    mode: 'atcp',
    kind: 'syn',
    transport: 'tcp',
    family: source.includes(':') ? 6 : 4,
    source,
    sourcePort: 41302,
    destination: source.includes(':') ? '2001:db8::2' : '10.99.0.2',
    destinationPort: 111,
    tcpFlags: 2,
    ipOptions: false,
    fragmented: false,
    ...fields,
  };
}

/** A block of this address or prefix for a SYN to TCP port 111; 24 hours. */
export function blockOf(target: string, fields: Partial<Block> = {}, cause: Partial<BlockCause> = {}): Block {
  const since = 1_795_354_417_000;
  return {
    target,
    family: target.includes(':') ? 6 : 4,
    since,
    until: since + 86_400_000,
    cause: {
      mode: 'atcp',
      kind: 'syn',
      transport: 'tcp',
      destinationPort: 111,
      connects: 1,
      note: null,
      ...cause,
    },
    ...fields,
  };
}

/** The back ends that need nothing from the host. */
export function poolOf(config: Config): BackendPool {
  return new BackendPool((method: BlockMethod) => {
    return method === 'null' ? new NullBackend() : new CommandBackend(config);
  });
}

/** Blocks with a memory that ends with the test. */
export function blocksOf(config: Config, parts: Partial<BlocksParts> = {}): Blocks {
  return new Blocks({
    config,
    memory: new BlockMemory(),
    backends: poolOf(config),
    hostsDenyPath: '/dev/null',
    boot: 'boot',
    ruleFor: () => null,
    now: Date.now,
    onEnd: () => {},
    tell: () => {},
    ...parts,
  });
}

/** A temporary folder, removed after the test. */
export function testFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'portsentry-respond-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
