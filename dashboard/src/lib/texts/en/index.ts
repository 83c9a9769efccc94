/** English. Each part of the dashboard has a file; a text with something in it is a function. */
import { activity } from './activity';
import { application } from './application';
import { applicationSettings } from './applicationSettings';
import { audit } from './audit';
import { certificates, resolvers } from './certificates';
import { common } from './common';
import { databases } from './databases';
import { domains } from './domains';
import { letters } from './letters';
import { logs } from './logs';
import { metrics } from './metrics';
import { open } from './open';
import { projects } from './projects';
import { server } from './server';
import { settings } from './settings';
import { shell } from './shell';
import { states } from './states';
import { team } from './team';
import { tokens } from './tokens';
import { variables } from './variables';
import { volumes } from './volumes';

export const en = {
  activity,
  application,
  applicationSettings,
  audit,
  certificates,
  common,
  databases,
  domains,
  letters,
  logs,
  metrics,
  open,
  projects,
  resolvers,
  server,
  settings,
  shell,
  states,
  team,
  tokens,
  variables,
  volumes,
};
