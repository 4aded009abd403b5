import type { QuotaLimits } from '../../tenant/quota-limits.ts';
import type { Verdict, WriteAttempt } from '../attempt.ts';

/**
 * Reserves what a write uses of the quotas of its workspace; the verdict releases it if nothing is
 * stored. Throws Forbidden if a quota is exceeded.
 */
export async function reserveQuota(limits: QuotaLimits, attempt: WriteAttempt): Promise<Verdict> {
  const { info, stored, proposed, dryRun } = attempt;
  if (!proposed) {
    return {};
  }

  const release = await limits.reserve(info, stored, proposed);

  const settle = async (isStored: boolean) => {
    if (!isStored || dryRun) {
      release();
    }
  };

  return { settle };
}
