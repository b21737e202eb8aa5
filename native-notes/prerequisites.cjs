// Says in one line what this machine lacks of what a build needs, and ends with 69 (EX_UNAVAILABLE). npm runs it before it
// compiles the native module `cap` (preinstall); without it there would be a page of errors.
//   --node      looks only at Node and npm
//   --headers   looks at everything, and prints the folder whose include/node has the headers of this Node, which npm
//               fetches if it is not told of them; nothing if there are none
// Written so that Node 10 can read it.
// biome-ignore-all lint/style/useNodejsImportProtocol: Node 10 does not know it
'use strict';
const { execFileSync } = require('child_process');
const { accessSync, constants, readFileSync, realpathSync } = require('fs');
const { dirname, join } = require('path');

const [mode] = process.argv.slice(2);
const { engines } = require('../package.json');

refuseOldNode();
if (mode === '--node' || mode === '--headers') refuseWithoutNpm();
if (mode !== '--node') refuseWithoutCompiler();
if (mode === '--headers') console.log(foundHeaders());
else if (mode === undefined) hintAtHeaders();

function refuseOldNode() {
  const [major, minor] = numbers(process.versions.node);
  const [leastMajor, leastMinor] = numbers(engines.node);
  if (major > leastMajor || (major === leastMajor && minor >= leastMinor)) return;
  refuse(`found Node ${process.versions.node}; ${whichNode()}`);
}

function numbers(version) {
  return version.match(/\d+/g).map(Number);
}

function refuseWithoutNpm() {
  if (!isInPath('npm'))
    refuse(`found Node ${process.versions.node}, but no npm (apt-get install npm); ${whichNode()}`);
}

function whichNode() {
  return readFileSync(join(__dirname, 'which-node.txt'), 'utf8').trim();
}

function refuseWithoutCompiler() {
  const missing = [];
  if (!isInPath('c++')) missing.push('g++');
  else if (!hasHeader('pcap/pcap.h')) missing.push('libpcap-dev');
  if (!isInPath('make')) missing.push('make');
  if (!isInPath('python3')) missing.push('python3');
  if (missing.length === 0) return;
  refuse(
    `the native module cap cannot be built: missing ${missing.join(', ')}; ` +
      `install with: apt-get install ${missing.join(' ')}`,
  );
}

/** Whether a program of this name can be started. */
function isInPath(name) {
  return (process.env.PATH || '').split(':').some((folder) => {
    try {
      accessSync(join(folder, name), constants.X_OK);
      return true;
    } catch (_) {
      return false;
    }
  });
}

/** Whether the C++ preprocessor finds the header. */
function hasHeader(header) {
  try {
    execFileSync('c++', ['-E', '-x', 'c++', '-'], {
      input: `#include <${header}>\n`,
      stdio: ['pipe', 'ignore', 'ignore'],
    });
    return true;
  } catch (_) {
    return false;
  }
}

/** The folder that the caller names, or one of this machine; empty, and a line about it, if there is none. */
function foundHeaders() {
  const folder = process.env.npm_config_nodedir || headersOfMachine();
  if (folder === undefined)
    process.stderr.write(
      `portsentry: no headers of Node ${process.versions.node} on this machine, so npm fetches them; ` +
        'with the nodejs of Debian, apt-get install libnode-dev\n',
    );
  return folder || '';
}

/** npm shows this with --foreground-scripts, and when it fails. */
function hintAtHeaders() {
  const folder = headersOfMachine();
  if (process.env.npm_config_nodedir || folder === undefined) return;
  process.stderr.write(
    `portsentry: npm fetches the headers of Node; ${folder}/include/node has them: set npm_config_nodedir=${folder}\n`,
  );
}

/** Beside this Node, or where packages put them. Those of another Node would make a module that does not load. */
function headersOfMachine() {
  return [dirname(dirname(realpathSync(process.execPath))), '/usr'].find((prefix) => {
    try {
      const text = readFileSync(join(prefix, 'include/node/node_version.h'), 'utf8');
      return /^#define NODE_MODULE_VERSION (\d+)$/m.exec(text)[1] === process.versions.modules;
    } catch (_) {
      return false;
    }
  });
}

function refuse(why) {
  process.stderr.write(`portsentry: ${why}\n`);
  process.exit(69);
}
