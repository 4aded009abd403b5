/** The spec of a Pipeline as 3.0's type has it, and as far as Jenkins keeps it. */
export interface JobSpec {
  type: string;
  pipeline?: PipelineSpec;
  multi_branch_pipeline?: MultiBranchSpec;
}

/** A pipeline that holds its Jenkinsfile itself. */
export interface PipelineSpec {
  name?: string;
  description?: string;
  discarder?: Discarder;
  parameters?: readonly JobParameter[];
  disable_concurrent?: boolean;
  timer_trigger?: TimerTrigger;
  remote_trigger?: { token?: string };
  jenkinsfile?: string;
}

/** A pipeline for every branch of a repository that has a Jenkinsfile. */
export interface MultiBranchSpec {
  name?: string;
  description?: string;
  discarder?: Discarder;
  timer_trigger?: TimerTrigger;
  source_type?: string;
  git_source?: GitSource;
  github_source?: HostedSource;
  bitbucket_server_source?: HostedSource;
  svn_source?: SvnSource;
  single_svn_source?: SingleSvnSource;
  script_path?: string;
  multibranch_job_trigger?: {
    create_action_job_to_trigger?: string;
    delete_action_job_to_trigger?: string;
  };
}

/** How long builds are kept, in days, and how many; -1 for all. */
export interface Discarder {
  days_to_keep?: string;
  num_to_keep?: string;
}

/** When builds start: `cron` for a pipeline, an interval in milliseconds for many branches. */
export interface TimerTrigger {
  cron?: string;
  interval?: string;
}

/** A parameter of a build. */
export interface JobParameter {
  name?: string;
  type?: string;
  default_value?: string;
  description?: string;
}

/** How repositories are cloned; the time is in minutes. */
export interface CloneOption {
  shallow?: boolean;
  timeout?: number;
  depth?: number;
}

/** A Git repository. */
export interface GitSource {
  scm_id?: string;
  url?: string;
  credential_id?: string;
  discover_branches?: boolean;
  git_clone_option?: CloneOption;
  regex_filter?: string;
}

/** A repository at GitHub or a Bitbucket server; numbers are Jenkins' strategies, 0 for none. */
export interface HostedSource {
  scm_id?: string;
  owner?: string;
  repo?: string;
  credential_id?: string;
  api_uri?: string;
  discover_branches?: number;
  discover_pr_from_origin?: number;
  discover_pr_from_forks?: { strategy?: number; trust?: number };
  git_clone_option?: CloneOption;
  regex_filter?: string;
}

/** A Subversion repository with branches. */
export interface SvnSource {
  scm_id?: string;
  remote?: string;
  credential_id?: string;
  includes?: string;
  excludes?: string;
}

/** One folder of a Subversion repository. */
export interface SingleSvnSource {
  scm_id?: string;
  remote?: string;
  credential_id?: string;
}

/** The type of a pipeline that holds its Jenkinsfile itself. */
export const PIPELINE_TYPE = 'pipeline';

/** The type of a pipeline for every branch. */
export const MULTI_BRANCH_TYPE = 'multi-branch-pipeline';

/** A spec describes no job that Jenkins could have; the message names the field. */
export class JobSpecError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'JobSpecError';
  }
}

/** Returns an object without the fields that are undefined. */
export function defined<T extends object>(
  fields: {
    [key in keyof T]: T[key] | undefined;
  },
): T {
  const kept = Object.entries(fields).filter(([, value]) => value !== undefined);
  return Object.fromEntries(kept) as T;
}
