const plain =
  'ABRT ALRM BUS CHLD CLD CONT FPE HUP ILL INT IO IOT KILL PIPE POLL PROF PWR QUIT SEGV STKFLT STOP SYS TERM TRAP TSTP TTIN TTOU URG USR1 USR2 VTALRM WINCH XCPU XFSZ RTMIN RTMAX'.split(
    ' ',
  );
const afterMin = Array.from({ length: 15 }, (_, index) => `RTMIN+${index + 1}`);
const beforeMax = Array.from({ length: 14 }, (_, index) => `RTMAX-${index + 1}`);

/** Names of signals that may stop a container on Linux, sorted as Kubernetes lists them. */
export const stopSignals: readonly string[] = [...plain, ...afterMin, ...beforeMax].map((name) => `SIG${name}`).sort();
