/** English. Each part of the dashboard has a file; a text with something in it is a function. */
import { application } from './application';
import { certificates, resolvers } from './certificates';
import { common } from './common';
import { databases } from './databases';
import { open } from './open';
import { projects } from './projects';
import { server } from './server';
import { shell } from './shell';
import { states } from './states';

export const en = {
  application,
  certificates,
  common,
  databases,
  open,
  projects,
  resolvers,
  server,
  shell,
  states,
};
