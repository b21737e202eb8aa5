import type { NotifyFormat } from '../config/config.ts';
import type { Message } from './message.ts';

/** What is posted to a receiver. */
export interface Post {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** The message in the form of NOTIFY_FORMAT. */
export function postOf(message: Message, format: NotifyFormat): Post {
  return FORMATS[format](message);
}

const FORMATS: Readonly<Record<NotifyFormat, (message: Message) => Post>> = {
  json: ({ fields }) => jsonPost(fields),
  // https://docs.ntfy.sh/publish/: the body is the text, the rest stands in headers.
  ntfy: ({ title, text, level }) => ({
    headers: {
      'Content-Type': 'text/plain; charset=utf-8',
      Title: title,
      Priority: NTFY_PRIORITY[level],
      Tags: NTFY_TAGS[level],
    },
    body: text,
  }),
  // https://api.slack.com/messaging/webhooks; Mattermost, Rocket.Chat and Discord (URL/slack) take it, too.
  slack: ({ title, text }) => jsonPost({ text: slackText(`${title}\n${text}`), mrkdwn: false }),
  // https://github.com/caronc/apprise-api: POST /notify/KEY.
  apprise: ({ title, text, level }) => jsonPost({ title, body: text, type: level, format: 'text' }),
};

const NTFY_PRIORITY: Readonly<Record<Message['level'], string>> = { info: '2', warning: '3', failure: '4' };
const NTFY_TAGS: Readonly<Record<Message['level'], string>> = {
  info: 'portsentry',
  warning: 'portsentry,mag',
  failure: 'portsentry,warning',
};

function jsonPost(fields: object): Post {
  return { headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(fields) };
}

/** Slack reads these three as the beginning of links, and of calls such as <!channel>. */
function slackText(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
