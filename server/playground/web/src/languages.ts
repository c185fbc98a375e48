// The languages of the editor: how to colour one, a file name, and something to begin with.
import { css } from '@codemirror/lang-css';
import { javascript } from '@codemirror/lang-javascript';
import { json } from '@codemirror/lang-json';
import { python } from '@codemirror/lang-python';
import { StreamLanguage, StreamParser } from '@codemirror/language';
import { c, cpp, csharp, java } from '@codemirror/legacy-modes/mode/clike';
import { go } from '@codemirror/legacy-modes/mode/go';
import { lua } from '@codemirror/legacy-modes/mode/lua';
import { ruby } from '@codemirror/legacy-modes/mode/ruby';
import { rust } from '@codemirror/legacy-modes/mode/rust';
import { html } from '@codemirror/legacy-modes/mode/xml';
import { shell } from '@codemirror/legacy-modes/mode/shell';
import type { Extension } from '@codemirror/state';

export interface Language {
  id: string;
  name: string;
  file: string;
  colours: () => Extension;
  /** ``▮`` is where the cursor begins. */
  sample: string;
}

// whole grammars of these would double the page
const light = (mode: StreamParser<unknown>) => () => StreamLanguage.define(mode);

export const LANGUAGES: Language[] = [
  { id: 'python', name: 'Python', file: 'shapes.py', colours: python, sample: `"""Areas and perimeters of simple shapes."""

from dataclasses import dataclass
from math import pi


@dataclass
class Rectangle:
    width: float
    height: float

    def area(self) -> float:
        return self.width * self.height

    def perimeter(self) -> float:
        return ▮


@dataclass
class Circle:
    radius: float

    def area(self) -> float:
        return pi * self.radius ** 2
` },
  { id: 'typescript', name: 'TypeScript', file: 'cart.ts', colours: () => javascript({ typescript: true }), sample: `interface Item {
  name: string;
  price: number;
  count: number;
}

export function total(items: Item[]): number {
  return ▮
}
` },
  { id: 'javascript', name: 'JavaScript', file: 'words.js', colours: () => javascript(), sample: `// How often each word occurs in a text.
export function countWords(text) {
  const counts = new Map();
  for (const word of text.toLowerCase().split(/\\s+/)) {
    ▮
  }
  return counts;
}
` },
  { id: 'go', name: 'Go', file: 'stack.go', colours: light(go), sample: `package stack

type Stack[T any] struct {
	items []T
}

func (s *Stack[T]) Push(item T) {
	▮
}
` },
  { id: 'rust', name: 'Rust', file: 'main.rs', colours: light(rust), sample: `/// The greatest common divisor of two numbers.
fn gcd(a: u64, b: u64) -> u64 {
    ▮
}

fn main() {
    println!("{}", gcd(48, 18));
}
` },
  { id: 'java', name: 'Java', file: 'Point.java', colours: light(java), sample: `public record Point(double x, double y) {
    public double distanceTo(Point other) {
        ▮
    }
}
` },
  { id: 'cpp', name: 'C++', file: 'sort.cpp', colours: light(cpp), sample: `#include <utility>
#include <vector>

void bubble_sort(std::vector<int>& values) {
    ▮
}
` },
  { id: 'c', name: 'C', file: 'list.c', colours: light(c), sample: `#include <stdlib.h>

struct node {
    int value;
    struct node *next;
};

int length(const struct node *list) {
    ▮
}
` },
  { id: 'csharp', name: 'C#', file: 'Account.cs', colours: light(csharp), sample: `public class Account
{
    public decimal Balance { get; private set; }

    public void Deposit(decimal amount)
    {
        ▮
    }
}
` },
  { id: 'ruby', name: 'Ruby', file: 'fib.rb', colours: light(ruby), sample: `def fibonacci(n)
  ▮
end
` },
  { id: 'lua', name: 'Lua', file: 'util.lua', colours: light(lua), sample: `local M = {}

function M.clamp(value, low, high)
  ▮
end

return M
` },
  { id: 'shellscript', name: 'Shell', file: 'backup.sh', colours: light(shell), sample: `#!/bin/sh
# Copy a folder to the backup disk, with today's date in its name.
set -eu

▮
` },
  { id: 'html', name: 'HTML', file: 'index.html', colours: light(html), sample: `<!doctype html>
<html lang="en">
<head>
  <meta charset="utf-8">
  ▮
</head>
</html>
` },
  { id: 'css', name: 'CSS', file: 'page.css', colours: css, sample: `.card {
  display: flex;
  ▮
}
` },
  { id: 'json', name: 'JSON', file: 'package.json', colours: json, sample: `{
  "name": "example",
  ▮
}
` },
  { id: 'plaintext', name: 'Plain text', file: 'notes.txt', colours: () => [], sample: '▮' },
];

export function languageOf(id: string): Language {
  return LANGUAGES.find((each) => each.id === id) ?? LANGUAGES[0]!;
}
