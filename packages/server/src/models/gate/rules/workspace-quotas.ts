import type { WorkspaceQuotas } from '../../tenant/workspace-quotas.ts';
import type { Verdict, WriteAttempt } from '../attempt.ts';

/**
 * Reserves what a write uses of the quotas of its workspace. Answers how to give that back. Throws
 * Forbidden where a quota is used up.
 */
export async function reserveQuota(
  quotas: WorkspaceQuotas,
  attempt: WriteAttempt,
): Promise<Verdict> {
  const { info, stored, wished, dryRun } = attempt;
  if (!wished) {
    return {};
  }

  const giveBack = await quotas.reserve(info, stored, wished);

  const settle = (isStored: boolean) => {
    if (!isStored || dryRun) {
      giveBack();
    }
  };

  return { settle };
}
