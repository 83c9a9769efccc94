/** What states are called, and reasons in plain words. */
export const states = {
  application: {
    NEW: 'Never deployed',
    DEPLOYING: 'Deploying',
    RUNNING: 'Running',
    DEGRADED: 'Degraded',
    FAILING: 'Failing',
    STOPPING: 'Stopping',
    STOPPED: 'Stopped',
    REMOVING: 'Removing',
    UNREACHABLE: 'Engine unreachable',
  },
  database: {
    STARTING: 'Starting',
    RUNNING: 'Running',
    FAILING: 'Failing',
    STOPPING: 'Stopping',
    STOPPED: 'Stopped',
    REMOVING: 'Removing',
    UNREACHABLE: 'Engine unreachable',
  },
  deployment: {
    QUEUED: 'Queued',
    PREPARING: 'Preparing',
    STARTING: 'Starting',
    CHECKING: 'Checking',
    ROUTING: 'Routing',
    RETIRING: 'Retiring',
    SUCCEEDED: 'Succeeded',
    FAILED: 'Failed',
    CANCELLED: 'Cancelled',
    SUPERSEDED: 'Superseded',
  },
  deploymentKind: { DEPLOY: 'Deploy', ROLLBACK: 'Roll back', RESTART: 'Restart', START: 'Start' },
  release: { NEW: 'New', LIVE: 'Live', DRAINING: 'Draining', RETIRED: 'Retired' },
  container: {
    CREATED: 'Created',
    RUNNING: 'Running',
    PAUSED: 'Paused',
    RESTARTING: 'Restarting',
    REMOVING: 'Removing',
    EXITED: 'Exited',
    DEAD: 'Dead',
  },
  health: { STARTING: 'starting', HEALTHY: 'healthy', UNHEALTHY: 'unhealthy' },
  server: { UNKNOWN: 'Unknown', REACHABLE: 'Reachable', UNREACHABLE: 'Unreachable' },
  proxy: { UNKNOWN: 'Unknown', STARTING: 'Starting', RUNNING: 'Running', FAILED: 'Failed' },
  failure: {
    IMAGE_NOT_FOUND: {
      title: 'The image was not found',
      help: 'Look for a typing error in the image’s name or tag. If the image is private, give the registry’s user name and password.',
    },
    REGISTRY_DENIED: {
      title: 'The registry refused',
      help: 'The registry wants other credentials, or this user may not read that image.',
    },
    REGISTRY_UNREACHABLE: {
      title: 'The registry could not be reached',
      help: 'The server could not connect to the registry. Check its network and the registry’s name, then deploy again.',
    },
    IMAGE_UNUSABLE: {
      title: 'The image cannot be used',
      help: 'It may be made for another kind of processor, or be damaged.',
    },
    START_REFUSED: {
      title: 'The container was not started',
      help: 'Docker refused to start it. The command may not exist in the image, or may not be executable.',
    },
    EXITED: {
      title: 'The program ended',
      help: 'It must keep running. Its last lines usually say why it ended: a missing variable, most often.',
    },
    OUT_OF_MEMORY: {
      title: 'The program ran out of memory',
      help: 'Raise the memory limit of the application, or have the program use less.',
    },
    PORT_NOT_LISTENING: {
      title: 'Nothing listens on the port',
      help: 'The program runs and takes no connections on the port of the application. Check the port, and that the program listens on 0.0.0.0 and not only on 127.0.0.1.',
    },
    HEALTH_CHECK_FAILED: {
      title: 'The health check failed',
      help: 'The program answers, but not as the health check wants. Check its path and the status it expects.',
    },
    NOT_ROUTED: {
      title: 'The proxy did not take the route',
      help: 'Look at the proxy’s state on the page of the server.',
    },
    ENGINE_UNREACHABLE: {
      title: 'Docker could not be reached',
      help: 'Look at the engine’s state on the page of the server, then deploy again.',
    },
    INTERNAL: {
      title: 'Something went wrong in the server',
      help: 'Its log says more. Deploying again is safe: what was live before is live still.',
    },
  },
};
