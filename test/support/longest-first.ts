import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Files that take half a minute or more on a busy machine, the longest first, by project. */
const LONGEST = [
  ...['decode/tshark', 'fuzz/fuzz', 'cli/replay', 'replay/golden', 'packaging/install'],
  ...[
    'e2e/blocks',
    'e2e/block-truth',
    'e2e/kernel-life',
    'e2e/no-false-alarm',
    'e2e/knowledge',
    'e2e/backends',
  ],
  ...['e2e/kernel-honest', 'e2e/matrix', 'e2e/kernel-evasion', 'e2e/doctor', 'e2e/kernel-scans', 'e2e/life'],
  ...['e2e/never-block', 'e2e/evidence', 'e2e/connect', 'e2e/readme', 'e2e/packaging-npm', 'e2e/portsentry2'],
].map((name) => `/test/${name}.test.ts`);

/**
 * Orders the test files. Without it a fresh checkout begins with the largest files, and a small file that takes minutes
 * comes last, when the other workers are idle.
 */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    return sorted.toSorted((a, b) => groupOf(a) - groupOf(b) || rankOf(a) - rankOf(b));
  }
}

function groupOf({ project }: TestSpecification): number {
  return project.config.sequence.groupOrder;
}

function rankOf({ moduleId }: TestSpecification): number {
  const rank = LONGEST.findIndex((name) => moduleId.endsWith(name));
  return rank < 0 ? LONGEST.length : rank;
}
