/**
 * Texts that programs write when they break, or of how they write their data. Pure.
 *
 * They come with a 200 where an error page was forgotten; taken for a value, mail would go to an address `Internal`. None of
 * them is a value of any table: `REJECT error …` begins with its action, `error:text` of transport(5) has no blank.
 */

/** Each at the beginning of the text. */
const FAILURES: readonly RegExp[] = [
  /^(?:internal server error|bad gateway|service (?:temporarily )?unavailable|gateway time-?out|bad request|forbidden|unauthori[sz]ed)(?:$|[\s.,:;!])/i,
  /^(?:(?:access|permission) denied|too many (?:requests|connections)|not implemented|method not allowed|request time-?out)(?:$|[\s.,:;!])/i,
  /^(?:an? )?(?:(?:unexpected|unknown|fatal|internal|unhandled|server|proxy|application|database|parse|syntax|runtime) )*(?:error|exception|failure|panic)(?:$|[\s!,(]|: |:$|\.(?:$|\s))/i,
  /^(?:PHP )?(?:Warning|Notice|Deprecated|Fatal error|Parse error|Catchable fatal error|Recoverable fatal error): /i,
  /^[\w.$\\]*(?:Error|Exception|Throwable)(?:$|: | at | in )/, // TypeError: …, java.lang.NullPointerException
  /^(?:Uncaught|Unhandled) /,
  /^Traceback(?:$| \(most recent call last\))/,
  /^Stack trace/i,
  /^at [\w.$<>]+ ?\(/,
  /^(?:goroutine \d|SIG[A-Z]+: )/,
  /^SQLSTATE\[/,
  /^(?:ORA|PLS|TNS)-\d{4,5}/,
  /^ERROR \d+ \(/,
  /^(?:could not|cannot|can't|can not|unable to|failed to|failed) /i,
  /^connection (?:refused|reset|closed|timed out|failed)/i,
  /^(?:undefined|uninitialized) (?:index|variable|offset|array key|method|property|constant)\b/i,
  /^(?:no such file or directory|segmentation fault|out of memory|command not found)/i,
  /^(?:sorry|oops|whoops)\b(?:$|[,!. ])/i,
  /^(?:fatal$|something went wrong\b)/i,
  /^(?:\(?\d+ rows?\)?$|\S+ \(\d+ rows?\)$|Empty set\b)/i, // clients of databases
  /^(?:database|db|sql|redis|ldap|backend|upstream|server|service|connection|query|request|authentication|login|internal)\b[^@:]* (?:errors?|failed|failure|exceeded|required|refused|timed out)[.!]?$/i,
  /^(?:we are|it is|the (?:server|service|site|database) is) (?:currently |temporarily )?(?:down|unavailable|overloaded|closed|under maintenance)\b/i,
  /^(?:(?:rate|quota|memory|time) )+limit exceeded|^quota exceeded/i,
  /^(?:connect |getaddrinfo |read |write )?E[A-Z]{4,}\b(?!@)/, // ECONNREFUSED 127.0.0.1:5432
  /^(?:moved permanently|redirecting|found\. redirecting)\b/i,
  /^(?:welcome to nginx|it works!|hello,? world)/i,
]

/** A field with its name in front, as in a form, LDIF, YAML or INI; but for names in LDAP, `mail=ann,ou=people`. */
const FIELD =
  /^(?:goto|alias(?:es)?|address(?:es)?|e-?mail|mail|destinations?|targets?|forward(?:_?to)?|recipients?|user(?:name)?|transport|next_?hop|relay_?host|value|result|response|status|message|action|key|mailbox|maildir|data|id|dn)\s*(?:=>|=(?!.*,\s*(?:ou|dc|o|cn)=)|:\s+\S)/i

/** How programs show data that were never meant for a mail system. */
const DUMPS: readonly RegExp[] = [
  /^\([^()\s]*,\)$/, // a tuple of Python
  /^\[(?:(?:Async|Generator)*Function|class)[: ]/, // JavaScript, as is the next
  /^(?:Promise \{|Symbol\()/,
  /^Resource id #\d/, // PHP
  /^Optional\.empty$/, // Java
  /^[^\s:]*(?:\\u0040|&#(?:64|x40);)/i, // an escaped `@`
  /^[^\s:@]+@[^\s:@\\]+\\[nrt]$/, // an escaped end of a line
  /^\|[^"]*\|$/, // a row of a table
  /^[\w.-]+:[^:\s]*:\d+:\d+:[^:]*:[^:]*:[^:]*$/, // a line of passwd(5)
  /^(?=[^\s@:]*@)[^\s@:]*?\*\*|^[^\s@:]+@[^\s@:]*?\*\*/, // masked, as is the next
  /^\[email.protected\]$/i,
  /^[^\s":@]+@[^\s":@]+"[\]},]*$/, // half of a text of JSON
  /^(['`])[^\s'`]+@[^\s'`]+\1$/,
  /^(?:\*|#+|;|\d+[.)]) [^\s@]+@[^\s@]+$/, // an item of a list, or a comment
  /^#(?:N\/A|REF!|NAME\?|VALUE!|DIV\/0!|NULL!|NUM!)$/, // a spreadsheet
  /^\[\s*(?:u?'|None\b|True\b|False\b)/, // a list of Python or Ruby
  /^\[[^\]"]*@/, // a list of Java
  /^[({]\s*['"]/,
  /^\/[*/]/, // a comment before JSON
  /^(?:\/\*.*?\*\/)?[\w.$]+\(\s*(?:[[{"']|\))/, // JSONP
  /^(?:\)\]\}'|while ?\(1\)|for ?\(;;\))/, // a guard before JSON
  /^(?:var|let|const|function|import|export|return|echo|print|module\.exports) /,
  /^(?:-{3}$|-{3} |- \S)/, // YAML
  /^[\w-]+: +["']?[^\s@]+@[^\s@]+$/, // YAML
  /^[\w.-]+=[^\s&]*%40/, // a form
  /^(?:%(?:7B|5B|22|27|3C)|(?:%[\da-f]{2}){2})/i, // escaped for a URL
  /^[\w.+-]*%(?:20|22|40|7B)[\w.+%-]*$/i,
  /^(?:eyJ|WyJ|W3si)[\w+/=.-]{6,}$/, // JSON in base64
  FIELD,
  /^"(?![|/:])[^"]*"\s*(?:[,;:]|=>)/, // a line of CSV, or a member
  /^(?:Some|Ok|Err|Just|Left|Right|Optional)(?:[([]| ")/,
  /^#<\S/, // an object of Ruby
  /^(?:b|u|r|br|rb|f|~c|c)(?:'[^']*'|"[^"]*")$/i, // a text of Python, Rust or Elixir
  /^(?:[sSaC]:\d+:["{]|O:\d+:"|[id]:-?[\d.]+;|b:[01];|N;)/, // serialize() of PHP
  /^(?:array|string|int|float|bool|object|enum)\([^\s()]*\)/, // var_dump() of PHP
  /^\$VAR\d/, // Data::Dumper of Perl
  /^[\w:]+(?:=\w+)?\(0x[\da-f]+\)$/i, // a reference of Perl
  /^<(?=[^<>"]*\s)[^<>"]*>$/, // an object of Python
  /^<[^<>@]+>$/, // a name to be filled in
  /^map\[/, // Go, as are the next two
  /^&\{/,
  /^\{(?:\w+:|[^{}]*@[^{}]*\}$)/,
  /^%[\w.]*\{/, // Elixir, as is the next
  /^\{(?::\w|\w+,\s*(?:<<|"))/,
  /^<<(?:"|\d)/, // Erlang
  /^(?!REJECT|DEFER|HOLD|WARN|INFO|DISCARD)[A-Z][\w.$]*(?:[({[]| \{)\s*\w+\s*[=:]/, // an object of Java, Kotlin, Python, C# or Rust
  /^(?:System|Microsoft)\.[A-Z]\w*\./, // a type of .NET, as is the next
  /^[A-Z][\w.]*`\d/,
  /^(?:<Buffer|#!|%PDF-|PK\x03)/,
  /^\[object \w+\]$/i,
  /^&(?:quot|lt|gt|amp|apos|nbsp|#\d{1,4});/, // escaped for a page
  /^[^\s;:"@]+@[^\s;:"@]+(?:; ?[^\s;:"@]+@[^\s;:"@]+)+;?$/, // a list for a mail program: Postfix lists by commas
  /^(?:https?|ftp|mailto|data):\S/i, // an address of a page; `transport:nexthop` has none of these names
  /^(?:[$#]?\{[^{}]*\}|\{\{.*\}\}|<%=.*%>|%\(\w+\)s|%[sdv]|%\w+%|\$\w+|@\w+@|\[\[.*\]\]|__\w+__|YOUR_[A-Z\d_]+)$/, // a template that nobody filled in
]

/** What programming languages and databases write for nothing, for yes and for no. `none` in lower case is a TLS level (smtp_tls_policy_maps). */
const WORDS =
  /^(?:null|NULL|Null|nil|None|undefined|NaN|-?Infinity|\(null\)|\(nil\)|\(none\)|<nil>|<null>|<none>|\\N|true|false|True|False|TRUE|FALSE|Array|Object|Collection|Promise)$/

/** A list of addresses and bare names. Of a value with `:` or blanks nobody knows what is between its commas. */
const LIST = /^[^\s,:]+(?:, ?[^\s,:]+)+$/

/** `Object.toString()` of Java, which looks like an address: `com.example.User@1b28cdfa`. */
const JAVA_OBJECT = /^(?:[a-z]\w*\.)+[A-Z][\w$]*@[\da-f]{4,8}$/

/** An address, whatever its words: `forbidden.city@a.example`. The usual value, which is looked at once. */
const ADDRESS = /^[\w.+-]+@[\w-]+(?:\.[\w-]+)*$/

const ASCII = /^[\x00-\x7f]*$/

/** The text as it looks: letters and digits of other widths and scripts (`\uff4e\uff55\uff4c\uff4c`, `\u0664\u0660\u0664`) as those of ASCII. */
export function plainSpelling(text: string): string {
  if (ASCII.test(text)) return text
  return text.normalize('NFKC').replace(/(?![0-9])\p{Nd}/gu, (digit) => String(digitValue(digit)))
}

/** The digits of a script are in a row of ten (Unicode 4.6). */
function digitValue(digit: string): number {
  const code = digit.codePointAt(0) ?? 0
  let value = 0
  while (value < 9 && /\p{Nd}/u.test(String.fromCodePoint(code - value - 1))) value++
  return value
}

/** What a text is that no table of Postfix can mean; undefined for one that may be a value. */
export function whyNoMeaning(written: string): 'word' | 'failure' | 'dump' | undefined {
  if (ADDRESS.test(written)) return JAVA_OBJECT.test(written) ? 'dump' : undefined
  const text = plainSpelling(written)
  if (WORDS.test(text)) return 'word'
  if (LIST.test(text) && text.split(',').some((part) => WORDS.test(part.trim()))) return 'word'
  if (FAILURES.some((pattern) => pattern.test(text))) return 'failure'
  return DUMPS.some((pattern) => pattern.test(text)) ? 'dump' : undefined
}
