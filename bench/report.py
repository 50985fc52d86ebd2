"""What is compared with what, which goals there are, and how it is shown."""
import statistics

from ways import WAYS

# title, work, figure, unit, goals; pop3d's figure is to be at most (at least,
# for a rate) so many times the other's, or at most that many of its unit
ROWS = (
    ('Login, STAT, QUIT by PAM, CPU', 'login', 'cpu', 'ms', ('popa3d 0.6',)),
    ('the same, 32 clients, CPU', 'login32', 'cpu', 'ms', ('popa3d 0.6',)),
    ('the same, 32 clients, sessions', 'login32', 'rate', '/s', ()),
    ('by the secrets file, 32 clients, CPU', 'login32', 'secrets cpu', 'ms', ('popa3d 0.4',)),
    ('the same, sessions', 'login32', 'secrets rate', '/s', ('popa3d 2',)),
    ('Exec to greeting', 'start', 'exec', 'us', ('greeter 1.25',)),
    ('Connection to greeting', 'start', 'greet', 'us', ()),
    ('First open of 1 GiB, 20,000 messages', 'open', 'first_stat', 'ms', ('popa3d 0.85',)),
    ('the same and UIDL', 'open', 'first_ids', 'ms', ('popa3d 0.85', 'floor 1.2')),
    ('First open of 100 MiB, 100,000 messages', 'openmany', 'first_stat', 'ms', ('popa3d 0.6',)),
    ('the same and UIDL', 'openmany', 'first_ids', 'ms', ('popa3d 1.0',)),
    ('Open again, 10 messages', 'opensmall', 'again_stat', 'ms', ()),
    ('Open again, unchanged, 1 GiB', 'open', 'again_stat', 'ms', ('opensmall:again_stat 1.5',)),
    ('Open again, unchanged, 100,000 messages', 'openmany', 'again_stat', 'ms', ('opensmall:again_stat 1.5',)),
    ('the same by the secrets file, 1 GiB', 'open', 'secrets again_stat', 'ms', ('opensmall:again_stat 1.5',)),
    ('the same by the secrets file, 100,000', 'openmany', 'secrets again_stat', 'ms', ('opensmall:again_stat 1.5',)),
    ('LIST, 100,000 messages', 'openmany', 'again_list', 'ms', ()),
    ('UIDL, 100,000 messages', 'openmany', 'again_uidl', 'ms', ()),
    ('Open after one message more, 1 GiB', 'open', 'appended_stat', 'ms', ('open:again_stat 2',)),
    ('Download of 1 GiB, one RETR at a time', 'retr', 'rate', 'MiB/s', ('popa3d 2.5',)),
    ('the same, CPU for a GiB', 'retr', 'cpu', 's', ('1.2',)),
    ('the same, by TOP n 99999999', 'top', 'rate', 'MiB/s', ('retr:rate 0.95',)),
    ('Download, pipelined', 'pipe', 'rate', 'MiB/s', ('cat 0.7',)),
    ('the same, CPU for a GiB', 'pipe', 'cpu', 's', ('1.0',)),
    ('QUIT, all deleted, 1 GiB', 'deleteall', 'quit', 'ms', ('floor 1.1',)),
    ('QUIT, the last deleted', 'deletelast', 'quit', 'ms', ('floor 1.1',)),
    ('QUIT, the first deleted', 'deletefirst', 'quit', 'ms', ('popa3d 2',)),
    ('QUIT, every second deleted', 'deletehalf', 'quit', 'ms', ('popa3d 2',)),
    ('Mail made to hurt, the worst kind, CPU: times plain mail', 'hostile', 'worst', 'x', ('2',)),
    ('the same, above the straight line through a quarter of it', 'hostile', 'bend', 'x', ('0.4',)),
    ('Private memory of a session', 'memory', 'kib', 'KiB', ('300',)),
    ('the same, not yet logged in', 'memoryidle', 'kib', 'KiB', ('250',)),
    ('the same, 100,000 messages: bytes a message', 'memorymany', 'bytes_each', 'bytes', ('40',)),
) + tuple((f'Growth to {to}: {what}', 'growth', f'{kind}_{figure}', '× straight', ('1.2',))
           for kind, to in (('messages', '1,000,000 messages'), ('bytes', '10 GiB'), ('line', 'one line of 10 GiB'))
           for what, figure in (('first open', 'open'), ('LIST', 'list'), ('UIDL', 'uidl'), ('RETR of all', 'retr'),
                                ('DELE of half', 'dele'), ('QUIT', 'quit')))
SCALE = {'ms': 1e3, 'us': 1e6}
COLOURS = {'pop3d': '#1b6e3c', 'popa3d': '#8899aa', 'solid': '#99aabb', 'mailutils': '#aabbcc', 'courier': '#bbccdd',
           'dovecot': '#ccd8e4'}
PICTURE = (  # work, figure, title
    ('login', 'cpu', 'Login, STAT, QUIT, through PAM: CPU'),
    ('login32', 'secrets cpu', 'by pop3d\'s secrets file, others by PAM: CPU'),
    ('open', 'first_stat', '1 GiB, 20,000 messages, first STAT: time'),
    ('open', 'again_stat', 'STAT when nothing has changed: time'),
    ('open', 'appended_stat', 'STAT after one message more: time'),
    ('retr', 'rate', '1 GiB, one RETR at a time: time'),
    ('pipe', 'cpu', '1 GiB, RETR pipelined: CPU'),
    ('memory', 'kib', 'Private memory of a session'),
)
COLUMN, MOST = 380, 3.5  # pixels; longer bars are cut


class Results:
    """All figures of one run, by work, server and repetition."""

    def __init__(self):
        self.all = {}

    def add(self, work, server, figures):
        self.all.setdefault((work, server), []).append(figures)

    def series(self, work, server, figure):
        if figure.startswith('secrets '):
            server, figure = server + '-secrets' * (server in ('pop3d', 'floor')), figure[8:]
        # A floor that is no server has but one figure.
        return [(one or {}).get(figure, (one or {}).get('seconds')) for one in self.all.get((work, server), [])]

    def median(self, *where):
        known = [x for x in self.series(*where) if x is not None]
        return statistics.median(known) if known else None

    def ratio(self, ours, theirs):
        """Of what was measured side by side: so a change of the machine's load does less harm."""
        pairs = [a / b for a, b in zip(self.series(*ours), self.series(*theirs)) if a is not None and b]
        return statistics.median(pairs) if pairs else None


def reference(work, figure, name):
    """What a goal compares with: a server's same figure, or another of pop3d's."""
    if ':' in name:
        secrets = 'secrets ' if figure.startswith('secrets ') else ''
        return name.split(':')[0], 'pop3d', secrets + name.split(':')[1]
    return work, name, figure


def in_words(name):
    return next((f'"{row[0]}"' for row in ROWS if f'{row[1]}:{row[2]}' == name), name)


def judge(results, row, goal):
    """The goal in words, how near, and whether it is reached (None: not measured)."""
    _, work, figure, unit, _ = row
    *name, factor = goal.split()
    is_rate = figure.endswith('rate')
    words = ('≥' if is_rate else '≤') + f' {factor} ' + (f'× {in_words(name[0])}' if name else unit)
    if name:
        got = results.ratio((work, 'pop3d', figure), reference(work, figure, name[0]))
    else:
        got = results.median(work, 'pop3d', figure)
    if got is None:
        return words, None, None
    return words, got, got >= float(factor) if is_rate else got <= float(factor)


def three(x):
    return f'{x:,.0f}' if x >= 100 else f'{x:.3g}'


def goal_text(results, row):
    parts = []
    for goal in row[4]:
        words, got, reached = judge(results, row, goal)
        verdict = 'not measured' if got is None else f'{got:.2f}, ' + ('reached' if reached else '**not reached**')
        parts.append(f'{words}: {verdict}')
    return '; '.join(parts)


def markdown(results, others):
    lines = ['| Work | pop3d | ' + ' | '.join(others) + ' | goal |', '| --- | ' + '---: | ' * (len(others) + 1) + '--- |']
    for row in ROWS:
        title, work, figure, unit, _ = row
        ours = results.median(work, 'pop3d', figure)
        if ours is None:
            continue
        cells = [title, f'{three(ours * SCALE.get(unit, 1))} {unit}']
        for name in others:
            ratio = results.ratio((work, name, figure), (work, 'pop3d', figure))
            cells.append('-' if ratio is None else three(ratio) + ' ×')
        lines.append('| ' + ' | '.join(cells + [goal_text(results, row)]) + ' |')
    return '\n'.join(lines) + '\n'


def ways(results):
    """Of pop3d alone: what a session costs by each way to log in, beside the cheapest."""
    lines = ['| Login by | CPU of a session | | login takes | |', '| --- | ' + '---: | ' * 4]
    cheapest = next(iter(WAYS))
    for way in WAYS:
        cells = [way]
        for what in ('cpu', 'time'):
            ours = results.median('ways', 'pop3d', f'{way} {what}')
            if ours is None:
                return ''
            ratio = results.ratio(('ways', 'pop3d', f'{way} {what}'), ('ways', 'pop3d', f'{cheapest} {what}'))
            cells += [f'{three(ours * 1e3)} ms', f'{three(ratio)} ×']
        lines.append('| ' + ' | '.join(cells) + ' |')
    return '\n' + '\n'.join(lines) + '\n'


def bars(results, row, peers):
    """Of each server what it needs, times pop3d's; a rate is turned round."""
    work, figure, _ = row
    for name in ['pop3d'] + peers:
        ratio = 1.0 if name == 'pop3d' else results.ratio((work, name, figure), (work, 'pop3d', figure))
        if ratio:
            yield name, 1 / ratio if figure.endswith('rate') else ratio


def svg(results, peers):
    out = ['<text x="10" y="20">What each server needs, times pop3d\'s: time, CPU or memory. Shorter is better.</text>']
    block = 15 * (len(peers) + 1) + 30
    for i, row in enumerate(PICTURE):
        x, y = i % 2 * COLUMN, 46 + i // 2 * block
        out.append(f'<text x="{x + 10}" y="{y}" font-weight="bold">{row[2]}</text>')
        for name, ratio in bars(results, row, peers):
            y += 15
            width = 65 * min(ratio, MOST)
            out.append(f'<text x="{x + 65}" y="{y}" text-anchor="end">{name}</text>'
                       f'<rect x="{x + 70}" y="{y - 10}" width="{width:.0f}" height="12" fill="{COLOURS[name]}"/>'
                       f'<text x="{x + 75 + width:.0f}" y="{y}">{three(ratio)}</text>')
    height = 46 + (len(PICTURE) + 1) // 2 * block
    return (f'<svg xmlns="http://www.w3.org/2000/svg" width="{2 * COLUMN}" height="{height}" font-family="sans-serif" font-size="11">'
            f'<rect width="{2 * COLUMN}" height="{height}" fill="#fff"/>' + '\n'.join(out) + '</svg>\n')
