import { element, find, ofClass, textAt, type XmlElement } from './element.ts';
import { type Discarder, defined, type PipelineSpec, type TimerTrigger } from './job-spec.ts';
import { readParameters, writeParameters } from './parameters.ts';

/** Root element of the document of a pipeline. */
export const PIPELINE_ROOT = 'flow-definition';

const ACTIONS = 'org.jenkinsci.plugins.pipeline.modeldefinition.actions';
const JOB = 'org.jenkinsci.plugins.workflow.job.properties';
const ONE_AT_A_TIME = `${JOB}.DisableConcurrentBuildsJobProperty`;
const TRIGGERS = `${JOB}.PipelineTriggersJobProperty`;
const DISCARDER = 'jenkins.model.BuildDiscarderProperty';
const TIMER = 'hudson.triggers.TimerTrigger';
const MODEL = { plugin: 'pipeline-model-definition' };

/** Keeps all artifacts of the builds that are kept. */
const ALL = '-1';

/** Makes the document of a pipeline. */
export function writePipeline(spec: PipelineSpec): XmlElement {
  const { discarder, timer_trigger: timer, remote_trigger: remote } = spec;

  return element(
    PIPELINE_ROOT,
    [
      writeActions(),
      element('description', spec.description),
      element('properties', [
        spec.disable_concurrent ? element(ONE_AT_A_TIME) : undefined,
        discarder && writeDiscarder(discarder),
        writeParameters(spec.parameters),
        timer && writeTimer(timer),
      ]),
      ofClass(
        'definition',
        {
          className: 'org.jenkinsci.plugins.workflow.cps.CpsFlowDefinition',
          plugin: 'workflow-cps',
        },
        [element('script', spec.jenkinsfile), element('sandbox', 'true')],
      ),
      element('triggers'),
      remote && element('authToken', remote.token),
      element('disabled', 'false'),
    ],
    { plugin: 'workflow-job' },
  );
}

function writeActions(): XmlElement {
  return element('actions', [
    element(`${ACTIONS}.DeclarativeJobAction`, '', MODEL),
    element(
      `${ACTIONS}.DeclarativeJobPropertyTrackerAction`,
      ['jobProperties', 'triggers', 'parameters', 'options'].map((name) => element(name)),
      MODEL,
    ),
  ]);
}

function writeDiscarder({ days_to_keep, num_to_keep }: Discarder): XmlElement {
  return element(DISCARDER, [
    ofClass('strategy', { className: 'hudson.tasks.LogRotator' }, [
      element('daysToKeep', days_to_keep),
      element('numToKeep', num_to_keep),
      element('artifactDaysToKeep', ALL),
      element('artifactNumToKeep', ALL),
    ]),
  ]);
}

function writeTimer({ cron }: TimerTrigger): XmlElement {
  return element(TRIGGERS, [element('triggers', [element(TIMER, [element('spec', cron)])])]);
}

/** Reads the document of a pipeline. */
export function readPipeline(root: XmlElement): PipelineSpec {
  const properties = find(root, 'properties');
  const strategy = find(properties, DISCARDER, 'strategy');
  const timer = find(properties, TRIGGERS, 'triggers', TIMER);
  const token = find(root, 'authToken');

  return defined<PipelineSpec>({
    description: textAt(root, 'description'),
    discarder: strategy && readDiscarder(strategy),
    parameters: readParameters(properties),
    disable_concurrent: find(properties, ONE_AT_A_TIME) && true,
    timer_trigger: timer && defined<TimerTrigger>({ cron: textAt(timer, 'spec') }),
    remote_trigger: token && defined<{ token?: string }>({ token: token.text || undefined }),
    jenkinsfile: textAt(root, 'definition', 'script'),
  });
}

/** Reads how many builds, or branches, are kept. */
export function readDiscarder(strategy: XmlElement): Discarder {
  return defined<Discarder>({
    days_to_keep: textAt(strategy, 'daysToKeep'),
    num_to_keep: textAt(strategy, 'numToKeep'),
  });
}
