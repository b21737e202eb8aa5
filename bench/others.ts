/**
 * Measures the matrix of scans and honest traffic, and what a scanner learns before it is blocked, for the program that
 * the argument names. Each row comes from its own address to a host that watches all ports except the excluded ones, and
 * each program has the same command to block with. Needs root and the network. `reaction` after the name leaves out the
 * matrix.
 */
import { createLab, type Lab } from '../test/support/lab.ts';
import { attacksOn, comeFrom, DECOYS, HONEST, launch } from '../test/support/matrix.ts';
import { startService } from '../test/support/services.ts';
import { accuses, CONTENDERS, IGNORED, type Running } from './support/contenders.ts';
import { NMAP_AT_200, NMAP_AT_FULL_SPEED, observe, observeAll, RUNS, SERVICES } from './support/wire.ts';

/** scanlogd reports a scan from 21 unprivileged ports on; the others report the first packet. */
const PORTS = '3000-3024';
/** How long a program may take to report a row. */
const PATIENCE_MS = 3_000;
/** Each run of a scan comes from the next address. */
let address = 20;

const contender = CONTENDERS[process.argv[2] ?? ''];
if (contender === undefined) throw new Error(`which one? ${Object.keys(CONTENDERS).join(', ')}`);

const trial = await inLab(async (lab) => {
  const program = await contender(lab);
  console.log(program.title);
  if (process.argv[3] === 'reaction') return program;
  await tryAttacks(lab, program);
  await tryHonest(lab, program);
  return program;
});
if (trial.blocks) {
  await inLab(async (lab) => {
    for (const port of SERVICES) await startService(lab, lab.victim, 'tcp-echo', port);
    await contender(lab);
    await measure(lab, 'nmap -sS, 200 a second', NMAP_AT_200);
    await measure(lab, 'nmap -sS at full speed', NMAP_AT_FULL_SPEED);
  });
}

async function inLab<T>(task: (lab: Lab) => Promise<T>): Promise<T> {
  const lab = await createLab({ name: 'others' });
  try {
    return await task(lab);
  } finally {
    await lab.close();
  }
}

async function tryAttacks(lab: Lab, program: Running): Promise<void> {
  const attacks = attacksOn(PORTS);
  const missed: string[] = [];
  const open: string[] = [];
  for (const [index, attack] of attacks.entries()) {
    const source = await launch(lab, attack, index);
    // An alert may name any of the decoys: no packet shows which of them is the scanner.
    const accused = attack.isLet === true ? [source, ...DECOYS] : [source];
    const isAlerted = () => accused.some((address) => accuses(program, address));
    const isBlocked = async () => (await program.blocked()).includes(source);
    await lab.waitFor(async () => isAlerted() && (await isBlocked()), PATIENCE_MS).catch(() => undefined);
    if (!isAlerted()) missed.push(attack.name);
    if (!(await isBlocked())) open.push(attack.name);
    await program.rest();
  }
  const decoys = (await program.blocked()).filter((address) => DECOYS.includes(address));
  console.log(`alerts: ${attacks.length - missed.length} of ${attacks.length} attacks${listed(missed)}`);
  if (!program.blocks) return;
  console.log(`blocked: ${attacks.length - open.length} of ${attacks.length} attackers${listed(open)}`);
  console.log(`blocked for nothing: ${decoys.length} of the ${DECOYS.length} decoys`);
}

async function tryHonest(lab: Lab, program: Running): Promise<void> {
  const accused: string[] = [];
  const blocked: string[] = [];
  const cut: string[] = [];
  for (const [index, honest] of HONEST.entries()) {
    const source = honest.fromIgnored === true ? IGNORED : `10.99.0.${100 + index}`;
    await comeFrom(lab, source, `fd99::${2000 + index}`);
    // It cannot finish if the host has blocked the other one meanwhile.
    await honest.run(lab, source).catch(() => cut.push(honest.name));
    const isAccused = () => accuses(program, source);
    await lab.waitFor(isAccused, PATIENCE_MS).catch(() => undefined);
    if (isAccused()) accused.push(honest.name);
    if ((await program.blocked()).includes(source)) blocked.push(honest.name);
    await program.rest();
  }
  console.log(`false alarms: ${accused.length} of ${HONEST.length}${listed(accused, '')}`);
  if (program.blocks) console.log(`honest hosts blocked: ${blocked.length} of ${HONEST.length}`);
  if (cut.length > 0) console.log(`what an honest host could not finish: ${cut.join('; ')}`);
}

function listed(names: readonly string[], not = 'not '): string {
  return names.length === 0 ? '' : ` (${not}${names.join('; ')})`;
}

async function measure(lab: Lab, name: string, scanner: readonly string[]): Promise<void> {
  const { ms, answers, services, each } = await observeAll(async () => {
    address += 1;
    await comeFrom(lab, `10.99.0.${address}`, `fd99::${address}`);
    return observe(lab, [...scanner, lab.wire.to.ipv4]);
  });
  console.log(
    `${name}: ${answers} of 1,000 ports answered, ${services} of ${SERVICES.length} services found, ` +
      `last answer after ${ms.toFixed(1)} ms; medians of ${RUNS} (answers: ${each})`,
  );
}
