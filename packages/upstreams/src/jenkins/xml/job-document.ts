import { equalJson } from '@ks-apiserver/apimachinery/json/json';
import { type JobSpec, JobSpecError, MULTI_BRANCH_TYPE, PIPELINE_TYPE } from './job-spec.ts';
import { MULTI_BRANCH_ROOT, readMultiBranch, writeMultiBranch } from './multi-branch-document.ts';
import { withEncryptedDefaults } from './parameters.ts';
import { PIPELINE_ROOT, readPipeline, writePipeline } from './pipeline-document.ts';
import { readXml } from './read-xml.ts';
import { writeXml } from './write-xml.ts';
import { XmlError } from './xml-text.ts';

/** Classes of jobs in Jenkins, by the type of the pipeline. */
export const JOB_CLASSES: ReadonlyMap<string, string> = new Map([
  [PIPELINE_TYPE, 'org.jenkinsci.plugins.workflow.job.WorkflowJob'],
  [MULTI_BRANCH_TYPE, MULTI_BRANCH_ROOT],
]);

/**
 * Writes the document (`config.xml`) of a pipeline's job. Throws a JobSpecError for a spec that
 * describes none, and for a text that XML cannot hold.
 */
export function writeJob(spec: JobSpec): string {
  try {
    return writeXml(documentOf(spec));
  } catch (error) {
    throw error instanceof XmlError ? new JobSpecError(`spec: ${error.message}`) : error;
  }
}

function documentOf({ type, pipeline, multi_branch_pipeline }: JobSpec) {
  if (type === PIPELINE_TYPE && pipeline) {
    return writePipeline(pipeline);
  }
  if (type === MULTI_BRANCH_TYPE && multi_branch_pipeline) {
    return writeMultiBranch(multi_branch_pipeline);
  }

  throw new JobSpecError(
    JOB_CLASSES.has(type)
      ? `spec.${type.replaceAll('-', '_')} is required for the type "${type}"`
      : `spec.type "${type}" is not supported: use ${[...JOB_CLASSES.keys()].join(' or ')}`,
  );
}

/**
 * Reads the document of a job as the spec of a pipeline, without its name, and without what is
 * empty. Throws an XmlError for a document of something else.
 */
export function readJob(text: string): JobSpec {
  const root = readXml(text);

  switch (root.name) {
    case PIPELINE_ROOT:
      return { type: PIPELINE_TYPE, pipeline: readPipeline(root) };
    case MULTI_BRANCH_ROOT:
      return { type: MULTI_BRANCH_TYPE, multi_branch_pipeline: readMultiBranch(root) };
    default:
      throw new XmlError(`"${root.name}" is no pipeline`);
  }
}

/**
 * Whether the document of a job says what a spec says. Defaults of passwords, which Jenkins keeps
 * encrypted, are not compared. Throws a JobSpecError for a spec that describes no job.
 */
export function jobMatches(text: string, spec: JobSpec): boolean {
  // Both are read, so that only what Jenkins keeps is compared.
  const wanted = readJob(writeJob(spec));
  let stored: JobSpec;

  try {
    stored = readJob(text);
  } catch (error) {
    if (error instanceof XmlError) {
      return false;
    }
    throw error;
  }

  const parameters = wanted.pipeline?.parameters;
  if (parameters && stored.pipeline?.parameters) {
    wanted.pipeline = {
      ...wanted.pipeline,
      parameters: withEncryptedDefaults(parameters, stored.pipeline.parameters),
    };
  }

  return equalJson(stored, wanted);
}
