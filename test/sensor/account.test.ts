import { expect, test } from 'vitest';
import { sensorAccount } from '../../src/sensor/account.ts';

const PASSWD = 'root:x:0:0:root:/root:/bin/bash\nportsentry:x:1:1::/:\n';

test.each([
  ['its own user', `${PASSWD}_portsentry:x:990:991::/nonexistent:/usr/sbin/nologin\n`, 990, 991],
  ['nobody where there is no such user', PASSWD, 65_534, 65_534],
  ['nobody where that user is root', `${PASSWD}_portsentry:x:0:991::/:\n`, 65_534, 65_534],
  ['nobody where its group is root', `${PASSWD}_portsentry:x:990:0::/:\n`, 65_534, 65_534],
  ['nobody where the line is broken', `${PASSWD}_portsentry:x\n`, 65_534, 65_534],
])('the sensor becomes %s', (_what, passwd, uid, gid) => {
  expect(sensorAccount(passwd)).toMatchObject({ uid, gid });
});
