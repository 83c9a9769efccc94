/** English. Each part of the dashboard has a file; a text with something in it is a function. */
import { application } from './application';
import { applicationSettings } from './applicationSettings';
import { certificates, resolvers } from './certificates';
import { common } from './common';
import { databases } from './databases';
import { domains } from './domains';
import { logs } from './logs';
import { metrics } from './metrics';
import { open } from './open';
import { projects } from './projects';
import { server } from './server';
import { shell } from './shell';
import { states } from './states';
import { variables } from './variables';
import { volumes } from './volumes';

export const en = {
  application,
  applicationSettings,
  certificates,
  common,
  databases,
  domains,
  logs,
  metrics,
  open,
  projects,
  resolvers,
  server,
  shell,
  states,
  variables,
  volumes,
};
