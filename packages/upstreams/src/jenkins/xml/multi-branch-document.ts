import { element, find, ofClass, textAt, type XmlElement } from './element.ts';
import {
  type Discarder,
  defined,
  JobSpecError,
  type MultiBranchSpec,
  type TimerTrigger,
} from './job-spec.ts';
import { readDiscarder } from './pipeline-document.ts';
import { readSource, writeSource } from './sources.ts';

/** Root element of the document of a pipeline for every branch, and the class of the job. */
export const MULTI_BRANCH_ROOT =
  'org.jenkinsci.plugins.workflow.multibranch.WorkflowMultiBranchProject';

const FOLDER_CONFIG = 'org.jenkinsci.plugins.pipeline.modeldefinition.config.FolderConfig';
const JOB_TRIGGER = 'org.jenkinsci.plugins.workflow.multibranch.PipelineTriggerProperty';
const FOLDER = 'com.cloudbees.hudson.plugins.folder';
const PERIODIC = `${FOLDER}.computed.PeriodicFolderTrigger`;

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

/** How often branches are looked for, by the longest interval in milliseconds. */
const SCHEDULES: readonly [longestMs: number, cron: string][] = [
  [5 * MINUTE_MS, '* * * * *'],
  [30 * MINUTE_MS, 'H/5 * * * *'],
  [HOUR_MS, 'H/15 * * * *'],
  [8 * HOUR_MS, 'H/30 * * * *'],
  [24 * HOUR_MS, 'H H/4 * * *'],
  [48 * HOUR_MS, 'H H/12 * * *'],
];
const RARELY = 'H H * * *';

/** Refers back to the job from an element two levels below. */
function owner(): XmlElement {
  return element('owner', '', { class: MULTI_BRANCH_ROOT, reference: '../..' });
}

/**
 * Makes the document of a pipeline for every branch. Throws a JobSpecError for an interval that is
 * no whole number, and for a source that is missing or unknown.
 */
export function writeMultiBranch(spec: MultiBranchSpec): XmlElement {
  const { discarder, timer_trigger: timer } = spec;

  return element(
    MULTI_BRANCH_ROOT,
    [
      element('actions'),
      writeProperties(spec),
      ofClass(
        'folderViews',
        { className: 'jenkins.branch.MultiBranchProjectViewHolder', plugin: 'branch-api' },
        [owner()],
      ),
      element('healthMetrics', [
        element(`${FOLDER}.health.WorstChildHealthMetric`, [element('nonRecursive', 'false')], {
          plugin: 'cloudbees-folder',
        }),
      ]),
      ofClass(
        'icon',
        { className: 'jenkins.branch.MetadataActionFolderIcon', plugin: 'branch-api' },
        [owner()],
      ),
      element('description', spec.description),
      discarder && writeOrphans(discarder),
      element('triggers', timer ? writeTimer(timer) : ''),
      writeSources(spec),
      ofClass(
        'factory',
        { className: 'org.jenkinsci.plugins.workflow.multibranch.WorkflowBranchProjectFactory' },
        [owner(), element('scriptPath', spec.script_path)],
      ),
    ],
    { plugin: 'workflow-multibranch' },
  );
}

function writeProperties({ multibranch_job_trigger: trigger }: MultiBranchSpec): XmlElement {
  return element('properties', [
    element(
      FOLDER_CONFIG,
      [element('dockerLabel'), element('registry', '', { plugin: 'docker-commons' })],
      { plugin: 'pipeline-model-definition' },
    ),
    trigger &&
      element(
        JOB_TRIGGER,
        [
          element('createActionJobsToTrigger', trigger.create_action_job_to_trigger),
          element('deleteActionJobsToTrigger', trigger.delete_action_job_to_trigger),
        ],
        { plugin: 'multibranch-action-triggers' },
      ),
  ]);
}

function writeOrphans({ days_to_keep, num_to_keep }: Discarder): XmlElement {
  return ofClass(
    'orphanedItemStrategy',
    {
      className: `${FOLDER}.computed.DefaultOrphanedItemStrategy`,
      plugin: 'cloudbees-folder',
    },
    [
      element('pruneDeadBranches', 'true'),
      element('daysToKeep', days_to_keep),
      element('numToKeep', num_to_keep),
    ],
  );
}

function writeTimer({ interval = '' }: TimerTrigger): XmlElement[] {
  const ms = /^-?\d{1,15}$/.test(interval) ? Number(interval) : undefined;
  if (ms === undefined) {
    throw new JobSpecError(
      `spec.multi_branch_pipeline.timer_trigger.interval "${interval}" is no number of milliseconds`,
    );
  }

  const [, cron = RARELY] = SCHEDULES.find(([longestMs]) => ms <= longestMs) ?? [];

  return [
    element(PERIODIC, [element('spec', cron), element('interval', interval)], {
      plugin: 'cloudbees-folder',
    }),
    element('disabled', 'false'),
  ];
}

function writeSources(spec: MultiBranchSpec): XmlElement {
  const strategy = ofClass(
    'strategy',
    { className: 'jenkins.branch.NamedExceptionsBranchPropertyStrategy' },
    [
      ofClass('defaultProperties', { className: 'empty-list' }),
      ofClass('namedExceptions', { className: 'empty-list' }),
    ],
  );

  return ofClass(
    'sources',
    { className: 'jenkins.branch.MultiBranchProject$BranchSourceList', plugin: 'branch-api' },
    [
      owner(),
      element('data', [element('jenkins.branch.BranchSource', [strategy, writeSource(spec)])]),
    ],
  );
}

/** Reads the document of a pipeline for every branch. */
export function readMultiBranch(root: XmlElement): MultiBranchSpec {
  const orphans = find(root, 'orphanedItemStrategy');
  const timer = find(root, 'triggers', PERIODIC);
  const trigger = find(root, 'properties', JOB_TRIGGER);

  return defined<MultiBranchSpec>({
    description: textAt(root, 'description'),
    discarder: orphans && readDiscarder(orphans),
    timer_trigger: timer && defined<TimerTrigger>({ interval: textAt(timer, 'interval') }),
    ...readSource(find(root, 'sources', 'data', 'jenkins.branch.BranchSource', 'source')),
    script_path: textAt(root, 'factory', 'scriptPath'),
    multibranch_job_trigger:
      trigger &&
      defined<NonNullable<MultiBranchSpec['multibranch_job_trigger']>>({
        create_action_job_to_trigger: textAt(trigger, 'createActionJobsToTrigger'),
        delete_action_job_to_trigger: textAt(trigger, 'deleteActionJobsToTrigger'),
      }),
  });
}
