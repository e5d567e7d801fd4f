import type { Redirection, Word as ShellWord } from 'unbash';
import { note, type Place } from '../analyze/finder.ts';
import { expandWord, readNested } from './expand.ts';
import { assign } from './variables.ts';
import { literal, unknown, type Word } from './words.ts';

/**
 * Whether a redirection may fail, so that what it belongs to does not run. Those to a standard descriptor or to /dev/null never fail, as
 * long as nothing closes what they use.
 */
export function mayFail(redirects: readonly Redirection[], place: Place): boolean {
  if (redirects.length > 0 && place.scope?.script.closes !== false) return true;
  return redirects.some((redirect) => redirect.type === 'Redirect' && !/^([0-2]|\/dev\/null)$/.test(redirect.target?.text ?? ''));
}

const harmless = /^(\/dev\/(null|stdout|stderr|fd\/[0-9]+)|-|[0-9]+-?)$/;

/** Analyzes redirections: what they write, connect to or run. */
export function readRedirects(redirects: readonly Redirection[], place: Place): void {
  for (const redirect of redirects) {
    if (redirect.descriptor?.type === 'FileDescriptorVariable') assign(place, redirect.descriptor.name, undefined);
    if (redirect.type === 'HereDoc') {
      readNested(redirect.body, place);
      if (!redirect.closing) note(place, 'Opaque', redirect.delimiter?.text ?? '<<', 'the here-document has no end');
      continue;
    }
    const target = redirect.target ? expandTarget(redirect.target, place) : unknown('');
    if (redirect.type === 'HereString') continue;
    readTarget(redirect.operator, target, redirect.target?.text ?? '', place);
  }
}

function expandTarget(target: ShellWord, place: Place): Word {
  const [word, ...more] = expandWord(target, place);
  return word === undefined || more.length > 0 ? unknown(target.text) : word;
}

// What is opened there is a connection; an unknown end of a name may lead there.
const mayConnect = (target: Word): boolean =>
  typeof target === 'string'
    ? /^\/dev\/(tcp|udp)\//.test(target)
    : ['/dev/tcp/', '/dev/udp/'].some((folder) => folder.startsWith(target.prefix) || target.prefix.startsWith(folder));

function readTarget(operator: string, word: Word, source: string, place: Place): void {
  const target = literal(word);
  const named = target !== undefined || /^["']*\/dev\/(tcp|udp)\//.test(source);
  if (mayConnect(word) && (named || operator === '<') && !/^[<>]\(/.test(source))
    note(
      place,
      'Opaque',
      source,
      named ? 'it opens a connection' : 'it may open a connection: what it reads is only known when it runs',
    );
  if (operator === '<' || (operator === '<&' && target !== undefined)) return;
  if (target !== undefined && harmless.test(target) && (operator.includes('&') || !/^[0-9-]+$/.test(target))) return;
  if (/^>\(/.test(source)) return;
  note(place, 'Write', source, 'a redirection writes it');
}
