/** The pages that are open to everybody. */
export const open = {
  email: 'E-mail address',
  password: 'Password',
  passwordHint: 'At least 12 characters.',
  yourName: 'Your name',
  setup: {
    title: 'Welcome',
    lead: 'This installation has no owner yet. Whoever holds the setup token becomes it.',
    token: 'Setup token',
    tokenHint: 'The server printed it at its first start. It is good for this once.',
    submit: 'Create owner',
    wrongToken: 'This is not the setup token. The server printed it in its log at its first start.',
    done: 'There is an owner already.',
    other: 'Lost it? On the server, run:',
  },
  signIn: {
    title: 'Sign in',
    ended: 'Your session has ended, or somebody has ended it. Sign in to go on where you were.',
    submit: 'Sign in',
    passkey: 'Sign in with a passkey',
    passkeyFailed: 'The passkey was not used.',
    sso: (provider: string) => `Continue with ${provider}`,
    code: 'Code',
    codeHint: 'From your authenticator app, or a recovery code.',
    or: 'or',
  },
};
