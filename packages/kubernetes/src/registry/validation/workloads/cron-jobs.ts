import type { Causes } from '../causes.ts';
import type { Validator } from '../validator.ts';
import { scheduleError } from './cron-schedule.ts';
import { validateJobSpec } from './jobs.ts';

function validateTimeZone(zone: string | undefined, at: string, out: Causes): void {
  if (zone === undefined) {
    return;
  }

  if (zone === '') {
    out.invalid(at, zone, 'timeZone must be nil or non-empty string');
    return;
  }

  const bad = (part: string) =>
    part === '.' || part === '..' || part.startsWith('-') || !/^[A-Za-z.\-_0-9+]{1,14}$/.test(part);
  if (zone.split('/').some(bad)) {
    out.invalid(at, zone, `unknown time zone ${zone}`);
    return;
  }

  if (zone.toLowerCase() === 'local') {
    out.invalid(
      at,
      zone,
      'timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones',
    );

    return;
  }

  try {
    new Intl.DateTimeFormat('en', { timeZone: zone });
  } catch {
    out.invalid(at, zone, `unknown time zone ${zone}`);
  }
}

const cronJob: Validator = ({ metadata, spec = {} }, old, out) => {
  const { schedule = '', jobTemplate = {} } = spec;
  if (schedule === '') {
    out.required('spec.schedule');
  } else {
    const error = scheduleError(schedule);
    if (error !== undefined) {
      out.invalid('spec.schedule', schedule, error);
    }

    if (schedule.includes('TZ')) {
      out.invalid(
        'spec.schedule',
        schedule,
        'cannot use TZ or CRON_TZ in schedule, use timeZone field instead',
      );
    }
  }

  out.notNegative('spec.startingDeadlineSeconds', spec.startingDeadlineSeconds);

  if (!old || old.spec?.timeZone !== spec.timeZone) {
    validateTimeZone(spec.timeZone, 'spec.timeZone', out);
  }

  out.oneOf('spec.concurrencyPolicy', spec.concurrencyPolicy, ['Allow', 'Forbid', 'Replace']);

  const { spec: inner = {} } = jobTemplate;
  validateJobSpec(inner, 'spec.jobTemplate.spec', out);

  if (inner.selector) {
    out.invalid(
      'spec.jobTemplate.spec.selector',
      inner.selector,
      '`selector` will be auto-generated',
    );
  }

  if (inner.manualSelector === true) {
    out.unsupported('spec.jobTemplate.spec.manualSelector', true, ['nil', 'false']);
  }

  out.notNegative('spec.successfulJobsHistoryLimit', spec.successfulJobsHistoryLimit);
  out.notNegative('spec.failedJobsHistoryLimit', spec.failedJobsHistoryLimit);

  if (!old && (metadata.name ?? '').length > 52) {
    out.invalid('metadata.name', metadata.name, 'must be no more than 52 characters');
  }
};

/** Rules of CronJobs, by `group/Kind`. */
export const cronJobRules: Readonly<Record<string, Validator>> = { 'batch/CronJob': cronJob };
