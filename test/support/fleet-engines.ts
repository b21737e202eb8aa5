import { Crowdsec, LAPI_PORT } from './crowdsec.ts';
import { type FleetEngine, NAMES } from './fleet.ts';
import type { Host } from './lab-host.ts';
import { REDIS_PORT, REDIS_USER, Redis } from './redis.ts';

/** The key that all hosts of a fleet have. */
const SHARE_KEY = 'a key that all of the hosts of this fleet have';

/** The real CrowdSec as the engine of a fleet. */
export async function crowdsecEngine(host: Host): Promise<FleetEngine> {
  const engine = await Crowdsec.start(host, { machines: NAMES, bouncers: NAMES });
  return {
    list: 'crowdsec',
    stop: () => engine.stop(),
    resume: () => engine.resume(),
    timesTold: async (target) => (await engine.alertsOn(target)).length,
    settings: (name, address) => ({
      files: {
        '/etc/portsentry/password': `${name}-password\n`,
        '/etc/portsentry/key': `${name}-key\n`,
      },
      lines: `CROWDSEC_URL="http://${address}:${LAPI_PORT}"
CROWDSEC_MACHINE="${name}"
CROWDSEC_PASSWORD_FILE="/etc/portsentry/password"
CROWDSEC_KEY_FILE="/etc/portsentry/key"
CROWDSEC_INTERVAL="1s"`,
    }),
  };
}

/** The real Redis as the engine of a fleet. */
export async function redisEngine(host: Host): Promise<FleetEngine> {
  const engine = await Redis.start(host);
  return {
    list: 'redis',
    stop: () => engine.stop(),
    resume: () => engine.resume(),
    timesTold: async (target) => (await engine.blocksOf(target)).length,
    settings: (_name, address) => ({
      files: {
        '/etc/portsentry/password': `${REDIS_USER.password}\n`,
        '/etc/portsentry/key': `${SHARE_KEY}\n`,
      },
      lines: `REDIS_URL="redis://${address}:${REDIS_PORT}"
REDIS_USER="${REDIS_USER.name}"
REDIS_PASSWORD_FILE="/etc/portsentry/password"
SHARE_KEY_FILE="/etc/portsentry/key"`,
    }),
  };
}
