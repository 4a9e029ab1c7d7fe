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

_BY_LANGUAGE = {
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


LANGUAGES = frozenset(_BY_LANGUAGE)
"""The languages whose stop words are known."""


@lru_cache(maxsize=256)
def stop_words(languages: frozenset[str]) -> frozenset[str]:
    """The stop words of language codes of two letters; none for a language not listed."""
    return frozenset().union(*(_BY_LANGUAGE.get(code, frozenset()) for code in languages))
