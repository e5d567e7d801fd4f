import type { SyntaxNode } from 'unbash';
import { note, type Place } from '../analyze/finder.ts';
import { expandWord, readIndex } from './expand.ts';

/** Analyzes the expression of a `[[ … ]]`. */
export function readTest(node: SyntaxNode, place: Place): void {
  switch (node.type) {
    case 'TestUnary':
      expandWord(node.operand, place);
      if (
        (node.operator === '-v' || node.operator === '-R') &&
        (node.operand.parts || !/^[A-Za-z_]\w*$/.test(node.operand.value))
      )
        note(place, 'Opaque', node.operand.text, 'the name of a variable is evaluated');
      return;
    case 'TestBinary':
      expandWord(node.left, place);
      expandWord(node.right, place);
      if (/^-(eq|ne|lt|le|gt|ge)$/.test(node.operator)) {
        readIndex(node.left, place);
        readIndex(node.right, place);
      }
      return;
    case 'TestLogical':
      for (const operand of node.operands) readTest(operand, place);
      return;
    case 'TestNot':
      readTest(node.operand, place);
      return;
    case 'TestGroup':
      readTest(node.expression, place);
      return;
    default:
      note(place, 'Opaque', node.type, 'this syntax is unknown');
  }
}
