import { showLines } from '#pipelines/visible-text.js';
import type { NotifyTarget, PostTarget, SmtpTarget } from '#src/config/notify-targets.js';
import { type Alert, listContext, renderDocument, renderText, renderTitle } from './alert.js';
import { postJson } from './post.js';

/**
 * Sends an alert to one target.
 *
 * @throws Error with a sentence that says why the target did not take it
 */
export async function sendAlert(target: NotifyTarget, alert: Alert): Promise<void> {
  if (target.kind === 'smtp') return sendByMail(target, alert);
  const { what, render } = services[target.kind];
  const { url, urlFile } = target;
  return postJson({ what, url, urlFile }, render(alert));
}

/** Loaded when a mail is to be sent: most runs have none. */
async function sendByMail(target: SmtpTarget, alert: Alert): Promise<void> {
  const { sendMail } = await import('./smtp.js');
  return sendMail(target, alert);
}

interface Service {
  /** What messages call it. */
  readonly what: string;
  readonly render: (alert: Alert) => unknown;
}

const services: Readonly<Record<PostTarget['kind'], Service>> = {
  slack: { what: 'Slack webhook', render: renderForSlack },
  teams: { what: 'Teams workflow', render: renderForTeams },
  webhook: { what: 'webhook', render: renderDocument },
};

/** https://api.slack.com/reference/block-kit/blocks */
const slackBounds = { header: 150, section: 3000 } as const;

/** Blocks of plain text, in which nothing of a file name can become a link or call a channel. */
function renderForSlack(alert: Alert): unknown {
  const title = renderTitle(alert);
  return {
    // Shown in notifications, as Slack's own markup; it has three characters that must be escaped.
    text: title.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;'),
    blocks: [
      { type: 'header', text: plainText(title, slackBounds.header) },
      { type: 'section', text: plainText(renderText(alert), slackBounds.section) },
    ],
  };
}

function plainText(text: string, maxLength: number) {
  return { type: 'plain_text', text: shorten(text, maxLength), emoji: false };
}

const teamsTextBound = 3000;

/** An adaptive card. Runs of rich text show what they contain as it is; a text block would read it as Markdown. */
function renderForTeams(alert: Alert): unknown {
  const paragraph = (text: string, style: object = {}) => ({
    type: 'RichTextBlock',
    inlines: [{ type: 'TextRun', text: shorten(showLines(text), teamsTextBound), ...style }],
  });
  return {
    type: 'message',
    attachments: [
      {
        contentType: 'application/vnd.microsoft.card.adaptive',
        content: {
          $schema: 'http://adaptivecards.io/schemas/adaptive-card.json',
          type: 'AdaptiveCard',
          version: '1.4',
          fallbackText: renderTitle(alert),
          body: [
            paragraph(renderTitle(alert), { size: 'Large', weight: 'Bolder' }),
            ...alert.paragraphs.map((text) => paragraph(text)),
            ...Object.entries(listContext(alert)).map(([label, value]) => paragraph(`${label}: ${value}`)),
          ],
        },
      },
    ],
  };
}

function shorten(text: string, maxLength: number): string {
  return text.length <= maxLength ? text : `${text.slice(0, maxLength - 1)}…`;
}
