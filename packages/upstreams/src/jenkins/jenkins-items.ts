import type { JenkinsAdmin } from './jenkins-admin.ts';
import { isMissing, JenkinsError } from './jenkins-error.ts';

/** Class of Jenkins' folders. */
export const FOLDER_CLASS = 'com.cloudbees.hudson.plugins.folder.Folder';

/** Where a job is: the folder at the root, and its name in it. */
export interface JobKey {
  folder: string;
  name: string;
}

/** An item: its class, and how many items are in it. */
export interface JenkinsItem {
  className: string;
  childCount: number;
}

/** Returns the path of a folder at the root. */
export function folderPath(folder: string): string {
  return `/job/${encodeURIComponent(folder)}`;
}

/** Returns the path of a job. */
export function jobPath({ folder, name }: JobKey): string {
  return `${folderPath(folder)}/job/${encodeURIComponent(name)}`;
}

/**
 * Folders and jobs of Jenkins. All calls reject with a JenkinsError or an UpstreamError, unless said
 * otherwise.
 */
export class JenkinsItems {
  readonly #admin: JenkinsAdmin;

  constructor(admin: JenkinsAdmin) {
    this.#admin = admin;
  }

  /** Returns what is at a path; undefined when there is nothing. */
  async find(path: string, signal?: AbortSignal): Promise<JenkinsItem | undefined> {
    const text = await this.#read(`${path}/api/json?tree=name,jobs[name]`, signal);
    if (text === undefined) {
      return undefined;
    }

    const { _class, jobs } = parse(text);
    if (typeof _class !== 'string') {
      throw new JenkinsError(
        200,
        { method: 'GET', path: `${path}/api/json` },
        'no class of an item',
      );
    }

    return { className: _class, childCount: Array.isArray(jobs) ? jobs.length : 0 };
  }

  /** Creates a folder at the root. */
  createFolder(name: string, signal?: AbortSignal): Promise<void> {
    const json = JSON.stringify({ description: '', mode: FOLDER_CLASS, name });
    const query = new URLSearchParams({ name, mode: FOLDER_CLASS, Submit: 'OK', json });

    return this.#admin.post(`/createItem?${query}`, { ...(signal && { signal }) });
  }

  /** Creates a job of a document (`config.xml`). */
  createJob({ folder, name }: JobKey, document: string, signal?: AbortSignal): Promise<void> {
    const query = new URLSearchParams({ name });
    return this.#postDocument(`${folderPath(folder)}/createItem?${query}`, document, signal);
  }

  /** Returns the document of a job; undefined when there is no job. */
  readJob(key: JobKey, signal?: AbortSignal): Promise<string | undefined> {
    return this.#read(`${jobPath(key)}/config.xml`, signal);
  }

  /** Replaces the document of a job. */
  updateJob(key: JobKey, document: string, signal?: AbortSignal): Promise<void> {
    return this.#postDocument(`${jobPath(key)}/config.xml`, document, signal);
  }

  /** Deletes what is at a path, with everything in it; does nothing when it is gone already. */
  async delete(path: string, signal?: AbortSignal): Promise<void> {
    try {
      await this.#admin.post(`${path}/doDelete`, { ...(signal && { signal }) });
    } catch (error) {
      if (!isMissing(error)) {
        throw error;
      }
    }
  }

  #postDocument(path: string, body: string, signal: AbortSignal | undefined): Promise<void> {
    return this.#admin.post(path, {
      contentType: 'application/xml;charset=utf-8',
      body,
      ...(signal && { signal }),
    });
  }

  async #read(path: string, signal: AbortSignal | undefined): Promise<string | undefined> {
    try {
      return await this.#admin.get(path, signal);
    } catch (error) {
      if (isMissing(error)) {
        return undefined;
      }
      throw error;
    }
  }
}

function parse(text: string): { _class?: unknown; jobs?: unknown } {
  try {
    return JSON.parse(text) ?? {};
  } catch {
    return {};
  }
}
