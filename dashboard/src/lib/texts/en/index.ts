/** English. Each part of the dashboard has a file; a text with something in it is a function. */
import { application } from './application';
import { common } from './common';
import { open } from './open';
import { projects } from './projects';
import { shell } from './shell';
import { states } from './states';

export const en = { application, common, open, projects, shell, states };
