// npm runs this before it installs anything, because it compiles the `cap` package against libpcap. It names the missing
// Debian packages, in place of a page of compiler output.
'use strict';
const { execFileSync } = require('node:child_process');

/** Whether the C++ preprocessor finds the header. */
function hasHeader(header) {
  try {
    execFileSync('c++', ['-E', '-x', 'c++', '-'], {
      input: `#include <${header}>\n`,
      stdio: ['pipe', 'ignore', 'ignore'],
    });
    return true;
  } catch {
    return false;
  }
}

/** Whether a program of this name can be started. */
function hasProgram(name) {
  try {
    execFileSync(name, ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

const missing = [];
if (!hasProgram('c++')) missing.push('g++');
else if (!hasHeader('pcap/pcap.h')) missing.push('libpcap-dev');
if (!hasProgram('make')) missing.push('make');
if (!hasProgram('python3')) missing.push('python3');

if (missing.length > 0) {
  process.stderr.write(
    `portsentry: the native module cap cannot be built: missing ${missing.join(', ')}; ` +
      `install with: apt-get install ${missing.join(' ')}\n`,
  );
  process.exit(69);
}
