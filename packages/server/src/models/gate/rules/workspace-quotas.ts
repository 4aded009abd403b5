import type { WorkspaceQuotas } from '../../tenant/workspace-quotas.ts';
import type { Verdict, WriteAttempt } from '../attempt.ts';

/**
 * Reserves what a write uses of the quotas of its workspace; the verdict releases it if nothing is
 * stored. Throws Forbidden if a quota is exceeded.
 */
export async function reserveQuota(
  quotas: WorkspaceQuotas,
  attempt: WriteAttempt,
): Promise<Verdict> {
  const { info, stored, proposed, dryRun } = attempt;
  if (!proposed) {
    return {};
  }

  const release = await quotas.reserve(info, stored, proposed);

  const settle = async (isStored: boolean) => {
    if (!isStored || dryRun) {
      release();
    }
  };

  return { settle };
}
