/** Class of Jenkins' folders. */
export const FOLDER = 'com.cloudbees.hudson.plugins.folder.Folder';

/** A stored credential: its id, class and the other fields of the submitted form. */
export interface JenkinsCredential {
  id: string;
  'stapler-class': string;
  [field: string]: unknown;
}

/** A folder or a job. */
export interface JenkinsItem {
  _class: string;
  name: string;
  /** The document as Jenkins would answer it, with versions of plugins. */
  config: string;
  children: Map<string, JenkinsItem>;
  credentials: Map<string, JenkinsCredential>;
}

/** A role of the role strategy: what it allows, on which items, and to whom. */
export interface JenkinsRole {
  permissions: readonly string[];
  pattern?: string;
  sids: Set<string>;
}

/** What the stub keeps; tests may read and change it. */
export class JenkinsState {
  /** Items at the root, by name. */
  readonly items = new Map<string, JenkinsItem>();
  /** Roles of the role strategy, by their type and name: `globalRoles admin`. */
  readonly roles = new Map<string, JenkinsRole>([
    ['globalRoles admin', { permissions: ['hudson.model.Hudson.Administer'], sids: new Set() }],
  ]);
  readonly sessions = new Set<string>();
  #sessionCount = 0;

  /** Returns an item by the names of its folders and its own, if it exists. */
  find(...names: string[]): JenkinsItem | undefined {
    let items = this.items;
    let item: JenkinsItem | undefined;

    for (const name of names) {
      item = items.get(name);
      if (!item) {
        return undefined;
      }

      items = item.children;
    }

    return item;
  }

  /** Adds a folder at the root, and returns it. */
  addFolder(name: string): JenkinsItem {
    const folder = newItem(FOLDER, name, `<${FOLDER}/>`);
    this.items.set(name, folder);
    return folder;
  }

  /** Adds a job to a folder, and returns it. */
  addJob(folder: string, name: string, { _class, config }: Pick<JenkinsItem, '_class' | 'config'>) {
    const job = newItem(_class, name, config);
    (this.find(folder) ?? this.addFolder(folder)).children.set(name, job);
    return job;
  }

  /** Starts a session, to which a crumb belongs; returns its id. */
  newSession(): string {
    this.#sessionCount += 1;
    const id = `session-${this.#sessionCount}`;
    this.sessions.add(id);
    return id;
  }
}

/** Makes an item without children. */
export function newItem(_class: string, name: string, config: string): JenkinsItem {
  return { _class, name, config, children: new Map(), credentials: new Map() };
}

/** The crumb of a session. */
export function crumbOf(session: string): string {
  return `crumb-of-${session}`;
}
