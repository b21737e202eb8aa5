import { expect, test } from 'vitest';
import { countersIn } from '../../src/nft/counters.ts';

/** As nft prints it, between the tables of others. */
const RULESET = `table inet filter {
	counter dropped_other {
		packets 9 bytes 9
	}
}
table inet portsentry_sensor { # progname nft
	flags owner

	counter dropped_drop {
		packets 3 bytes 180
	}

	counter dropped_a-b {
		comment "x"
		packets 0 bytes 0
	}

	counter other {
		packets 9 bytes 9
	}

	set drop_4_24_1 {
		type ipv4_addr
	}
}
table inet last {
	counter dropped_last {
		packets 9 bytes 9
	}
}
`;

test('the counters of one table', () => {
  expect(countersIn(RULESET, 'portsentry_sensor')).toEqual(
    new Map([
      ['dropped_drop', { packets: 3, bytes: 180 }],
      ['dropped_a-b', { packets: 0, bytes: 0 }],
      ['other', { packets: 9, bytes: 9 }],
    ]),
  );
  expect(countersIn(RULESET, 'filter').size, 'the first one').toBe(1);
  for (const text of ['', RULESET]) expect(countersIn(text, 'portsentry')).toEqual(new Map());
});
