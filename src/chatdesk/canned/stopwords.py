"""Words that carry no subject, by language; they stay terms, but give no grams."""

from functools import lru_cache

_EN = """
a about after all also am an and any are as at be been before being but by can could did do does
done for from get gets getting give go going gonna got had has have having he hello help her here
hi him his how i if in into is it its just know let like may me might mine more most my need of on
one or our ours out please put she should so some still such tell than thank thanks that the their
them then there these they thing things this those to too up us very want wanna was we were what
when where whether which while who whom whose why will with would yes you your yours
"""

_FR = """
a ai aie ainsi alors apres as au aucun aura aussi autre aux avait avant avec avez avoir avons ayant
beaucoup bien bonjour bonsoir car ce ceci cela celle celui ces cet cette ceux chez ci comme comment
dans de depuis des dois doit doivent donc dont du elle elles en encore entre es est et etaient etait
etant ete etes etre eu eux faire fait faut font il ils je la le les leur leurs lors lui ma mais me
meme merci mes moi moins mon ne ni non nos notre nous on ont ou oui par pas pendant peu peut peuvent
peux plus pour pourquoi pouvez puis puisque quand que quel quelle quelles quels qui quoi sa sans se
sera serait ses si soit sommes son sont sous suis sur ta te tes toi ton tous tout toute toutes tres
tu un une vers veut veux voici voila vos votre vous voudrais y
"""

_DE = """
aber alle als also am an auch auf aus bei bin bis bitte da danke das dass dein dem den der des die
dies diese dieser doch du durch ein eine einem einen einer er es euch euer fur habe haben hallo hat
ich ihm ihn ihr ihre im in ist ja kann kein keine konnen man mein meine mich mir mit muss nach nicht
noch nur oder ohne schon sein seine sich sie sind so soll uber um und uns unser unter vom von vor
wann war warum was weil wenn wer werden wie wieder will wir wird wo zu zum zur
"""

_ES = """
a al algo ante como con cual cuando de del desde donde el ella ellos en entre era es esa ese eso
esta estan estar este esto estoy fue gracias ha hacer han hasta hay he hola la las le les lo los mas
me mi mis muy necesito no nos o para pero por porque puede puedo que quien quiero se ser si sin
sobre son soy su sus tambien te tengo tiene tu un una uno unos y ya yo
"""

_IT = """
a ai al alla anche avere buongiorno che chi ci ciao come con cosa da dal dalla dei del della delle
di dove e ed era essere fare fra gli grazie ha hanno ho i il in io la le lei lo loro lui ma mi mia
mio ne nel nella noi non o per perche piu posso puo quale quando quello questa questo qui se si
sono su sua suo sul tra tu un una uno vi voi vorrei
"""

_NL = """
aan al als bij dan dat de der deze die dit door een en er had hallo hebben heb heeft het hij hoe ik
in is ja je kan kunnen maar me met mij mijn moet na naar niet nog nu of om onder ons ook op over te
tot uit uw van veel voor waar waarom was wat we wel wie wij wil worden ze zijn zo zou
"""

_PT = """
a ao aos as com como da das de dela dele do dos e ela ele em entre era essa esse esta estar estou eu
foi ha isso ja la mais mas me meu minha muito na nao nas no nos o obrigado ola os ou para pela pelo
por porque posso pode qual quando que quem quero se sem ser seu sua so tambem te tem tenho um uma
voce
"""

_COMMON_EN = """
able actually again against already although always another anyone anything around away back because
behind below besides between beyond both bring came cannot come comes coming currently different
doing down during each either else enough etc even ever every everyone everything exactly few find
finding first found gave given giving goes gone gotten however instead keep keeps kept kind last
lately later least less little look looking lot lots made make makes making many maybe much must
myself never new next no nothing now off often ok okay once only onto other others ourselves own
perhaps possible quite rather really right said same say says see seem seems seen several since
somehow someone something sometimes soon specific sure take taken takes taking themselves though
thought through thus today together took toward towards tried try trying under unless until upon use
used uses using usually via way ways well went whatever whenever wherever within without yet
yourself
"""

_COMMON_FR = """
afin allait aller allez allons assez aupres auquel aurai aurais aurait aurez auront autour autres
auxquels bon bonne cas cause celles certain certaine certaines certains chacun chaque chose choses
combien contre cours dedans dehors deja demain derriere desormais deux devant devez devoir devons
devra devrai devrais devrait devront dire dis dit donne donner duquel durant effet egalement enfin
ensuite etais fais faites falloir faudra faudrait faute fera ferait fois grace grand grande hier
hors ici jamais jusque laquelle lequel lesquelles lesquels loin long lorsque maintenant mal malgre
memes met mets mettre mieux moment mots nouveau nouvelle nul outre parce parfois parmi part partie
passer plusieurs plutot possible pourra pourrai pourrais pourrait pourront pouvoir pouvons premier
premiere prend prendre prends prenez pres presque prochain propre pu puisse puissent puissions quant
quelconque quelque quelques quiconque rendre rien sais sait savez savoir selon semble sembler sens
serai serais serez seul seulement sinon soient sorte souvent surtout tant telle tellement telles
tels tenir toujours toutefois travers trop trouve trouver utiliser va vais vas venir vienne viens
vient voir vois voit vont voudrai voudrait voulez vouloir voulons vraiment vu
"""

_GRAMMAR = {
    code: frozenset(listed.split())
    for code, listed in (
        ("en", _EN),
        ("fr", _FR),
        ("de", _DE),
        ("es", _ES),
        ("it", _IT),
        ("nl", _NL),
        ("pt", _PT),
    )
}

_COMMON = {"en": frozenset(_COMMON_EN.split()), "fr": frozenset(_COMMON_FR.split())}

LANGUAGES = frozenset(_GRAMMAR)
"""The languages whose stop words are known."""


@lru_cache(maxsize=256)
def grammar_words(languages: frozenset[str]) -> frozenset[str]:
    """The stop words that only hold a sentence together: pronouns, articles, auxiliaries."""
    return frozenset().union(*(_GRAMMAR.get(code, frozenset()) for code in languages))


@lru_cache(maxsize=256)
def stop_words(languages: frozenset[str]) -> frozenset[str]:
    """The stop words of language codes of two letters; none for a language not listed.

    Beside those of grammar, everyday verbs and adverbs, which say a little but name no subject.
    """
    common = (_COMMON.get(code, frozenset()) for code in languages)
    return grammar_words(languages).union(*common)
