/** What the palette offers. */
import { goto } from '$app/navigation';
import { tell } from '$lib/api/client';
import { Problem } from '$lib/api/problems';
import type { ResultOf } from '$lib/api/graphql';
import { DeployApplication } from '$lib/application/queries';
import { paths } from '$lib/paths';
import { t } from '$lib/texts';
import { toasts } from '$lib/ui';
import { pages } from './pages';
import type { Places } from './queries';

type Project = ResultOf<typeof Places>['projects'][number];

export interface Command {
  id: string;
  label: string;
  /** Where what it is about lies, or what kind of thing it is. */
  beside: string;
  run: () => unknown;
}

/** All of them: pages, then what there is, then what can be done with it. */
export function commandsOf(projects: readonly Project[]): Command[] {
  const environments = projects.flatMap((project) =>
    project.environments.map((each) => ({ ...each, where: `${project.name} / ${each.name}` })),
  );
  const applications = environments.flatMap(({ applications, where }) =>
    applications.map((each) => ({ ...each, where })),
  );
  const databases = environments.flatMap(({ databases, where }) => databases.map((each) => ({ ...each, where })));
  return [
    ...pages.map(({ href, label, reload }) =>
      command(href, label, t.shell.palette.page, () => (reload ? location.assign(href) : goto(href))),
    ),
    ...projects.flatMap((project) => [
      command(project.id, project.name, t.projects.project.kind, () => goto(paths.project(project.id))),
      ...project.environments.map(({ id, name }) =>
        command(id, name, project.name, () => goto(paths.environment(id))),
      ),
    ]),
    ...applications.map(({ id, name, where }) => command(id, name, where, () => goto(paths.application(id)))),
    ...databases.map(({ id, name, where }) => command(id, name, where, () => goto(paths.database(id)))),
    ...applications.map(({ id, name, where }) =>
      command(`deploy-${id}`, t.shell.palette.deploy(name), where, () => deploy(id, name)),
    ),
    ...applications.map(({ id, name, where }) =>
      command(`logs-${id}`, t.shell.palette.logs(name), where, () => goto(paths.logs(id))),
    ),
    ...databases.map(({ id, name, where }) =>
      command(`logs-${id}`, t.shell.palette.logs(name), where, () => goto(paths.databaseTab(id, 'logs'))),
    ),
  ];
}

/** Those in which every word that was typed occurs; those that begin with the first come first. */
export function matching(commands: readonly Command[], typed: string): Command[] {
  const words = typed.toLowerCase().split(/\s+/).filter(Boolean);
  const first = words[0];
  if (!first) return [...commands];
  const found = commands.filter(({ label, beside }) => {
    const text = `${label} ${beside}`.toLowerCase();
    return words.every((word) => text.includes(word));
  });
  const begins = ({ label }: Command) => Number(label.toLowerCase().startsWith(first));
  return found.sort((a, b) => begins(b) - begins(a));
}

function command(id: string, label: string, beside: string, run: () => unknown): Command {
  return { id, label, beside, run };
}

async function deploy(applicationId: string, name: string): Promise<void> {
  try {
    await tell(DeployApplication, { input: { applicationId } });
    toasts.say(t.shell.palette.deploying(name), 'good');
    await goto(paths.application(applicationId));
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    toasts.say(error.message, 'bad');
  }
}
