/** English. Each part of the dashboard has a file; a text with something in it is a function. */
import { activity } from './activity';
import { application } from './application';
import { audit } from './audit';
import { common } from './common';
import { letters } from './letters';
import { open } from './open';
import { projects } from './projects';
import { settings } from './settings';
import { shell } from './shell';
import { states } from './states';
import { team } from './team';
import { tokens } from './tokens';

export const en = {
  activity,
  application,
  audit,
  common,
  letters,
  open,
  projects,
  settings,
  shell,
  states,
  team,
  tokens,
};
