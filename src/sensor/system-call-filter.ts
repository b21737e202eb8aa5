import { execFileSync } from 'node:child_process';

/** The time limit of the list; it takes a millisecond. */
const LIST_TIMEOUT_MS = 1_000;

/**
 * System calls that neither Node nor libpcap, setpriv, perl or prlimit make, and that an attacker would: they look into
 * other processes, load code into the kernel, change mounts, namespaces, clocks or keys, or have often had faults. Those
 * that the limits of the sensor forbid anyway, such as socket and execve, are needed until its devices are open.
 */
const FORBIDDEN = `
  ptrace process_vm_readv process_vm_writev pidfd_getfd kcmp process_madvise
  bpf perf_event_open userfaultfd io_uring_setup io_uring_enter io_uring_register fanotify_init memfd_secret
  add_key keyctl request_key
  mount umount2 pivot_root chroot move_mount open_tree fsopen fsconfig fsmount fspick mount_setattr
  setns unshare name_to_handle_at open_by_handle_at
  init_module finit_module delete_module kexec_load kexec_file_load reboot swapon swapoff acct quotactl quotactl_fd
  syslog settimeofday clock_settime clock_adjtime adjtimex sethostname setdomainname
  iopl ioperm modify_ldt personality lookup_dcookie mknod mknodat vhangup
  shmget shmat shmctl semget semop semctl msgget msgsnd msgrcv msgctl mq_open
  listen accept accept4 migrate_pages move_pages mbind set_mempolicy
`
  .trim()
  .split(/\s+/);

/** The list of this machine, which does not change. */
let knownHere: readonly string[] | null = null;

/**
 * The command that runs the next one without these calls: enosys of util-linux 2.40 and newer. Empty where there is none,
 * or where this process has a filter already, as under systemd: that one holds for the sensor too, and may forbid another.
 * `status` is the text of /proc/self/status.
 */
export function systemCallFilter(status: string, list: () => readonly string[] = listKnown): string[] {
  if (!/^Seccomp:\s*0$/m.test(status)) return [];
  const known = new Set(list());
  const calls = FORBIDDEN.filter((name) => known.has(name));
  return calls.length === 0 ? [] : ['enosys', ...calls.map((name) => `--syscall=${name}`), '--'];
}

/** The calls of this machine's architecture. enosys refuses a name that it does not know. */
function listKnown(): readonly string[] {
  knownHere ??= askForList();
  return knownHere;
}

function askForList(): string[] {
  try {
    const text = execFileSync('enosys', ['--list'], {
      encoding: 'utf8',
      stdio: 'pipe',
      timeout: LIST_TIMEOUT_MS,
    });
    return text.split('\n').map((line) => line.trim().split(/\s+/).at(-1) ?? '');
  } catch {
    return [];
  }
}
