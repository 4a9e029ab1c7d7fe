"""Words that mean about the same in what people ask a shop, a bank, an office, by language.

A visitor and an agent seldom choose the same words, and a few dozen responses teach nothing about
meaning. So the commonest pairs are simply written down, one group of like words a line. A word
stands for whatever begins with its first `STEM` letters; a shorter one for itself alone.
"""

from collections.abc import Iterator
from functools import lru_cache

from chatdesk.canned.text import STEM

_EN = """
buy buying bought purchase
pay pays paid paying payment
price cost costs fee fees charge
cheap discount deal sale coupon voucher
money cash funds
salary wage wages paycheck income earnings
refund reimburse repay
bill bills invoice receipt statement
phone phones mobile cell cellphone telephone smartphone
email emails mail
message text sms
home house residence dwelling apartment
car cars vehicle automobile
trip trips travel journey voyage vacation holiday
flight plane airplane airline
hotel accommodation lodging
ship shipping deliver delivery shipment dispatch
package parcel
late delay overdue
stolen theft stole robbed
lost lose missing misplaced
broken broke break damaged defective faulty
fix fixed repair mend
error bug problem issue fault trouble
wrong incorrect mistake error
cancel terminate revoke
stop end quit discontinue
begin start commence
close closed shut closure
open reopen
allow permit permission authorize legal
forbid forbidden prohibit ban banned illegal
required mandatory compulsory obligatory necessary oblige
assist aid support
doctor physician
hospital clinic
ill sick illness sickness disease
medicine medication drug drugs
drugstore pharmacy chemist
vaccine immunize
virus coronavirus covid
quarantine isolate confinement lockdown
symptom sign signs
infect contaminate catch caught
transmit spread contagious
protect prevent prevention
child children kid kids son daughter
baby babies infant toddler newborn
parent mother father mom dad
elderly senior aged older
family relative loved
wife husband spouse partner
job jobs work employment occupation
employee worker staff personnel
employer boss
fire fired dismiss layoff
business company firm enterprise corporation
shop shops store stores retailer
grocery supermarket
food foods meal eat
school college university
student pupil
teacher professor educator
daycare childcare nursery
rent rental lease
tenant renter
loan loans credit debt borrow mortgage
transfer send sent wire
withdraw cash atm
abroad overseas foreign international
country nation
password pin passcode
login signin
verify confirm authenticate
delete remove erase
change modify alter edit update
choose pick select
increase raise extend
decrease reduce lower
quick fast speed rapid
limit maximum restriction
duration long
date day days
hour hours schedule time
meeting appointment
reminder remind remember
weather forecast temperature
music song songs
movie film
tax taxes fiscal
insurance insured coverage
government state authority
law laws legal rule rules regulation
vote voting election ballot
document paper form forms file
request ask apply application
complain complaint claim
subscription membership plan
gas fuel petrol
clean wash disinfect sanitize
animal pet pets dog cat
die died dying dead death deceased
church worship religious
lawyer attorney
court judge trial tribunal
crisis emergency pandemic epidemic
postpone delay defer reschedule
gather gathering party event
kill destroy eliminate
compensate compensation indemnity
safe safety secure security
danger risk risky hazard
leave quit exit
stay remain
"""

_FR = """
acheter achat commander commande
payer paye paie paiement regler
prix cout couter couts tarif frais
argent fonds somme
reduction remise rabais promotion solde
salaire remuneration paie paye traitement revenu
rembourser dedommager indemniser compensation indemnite
facture recu
telephone portable mobile
courriel email mail
maison domicile logement residence appartement
voiture vehicule auto automobile
bus autobus metro train transport
voyage vacances sejour deplacement
avion vol aerien
livrer livraison expedier envoyer envoi porter
colis paquet
retard delai
perdu perdre egarer
vole vol derober
casse cassee abime defectueux panne
erreur probleme souci bug
annuler annulation resilier rompre rupture
arreter cesser fin terminer
commencer debut debuter demarrer
ouvrir ouverture ouvert
permis permettre autoriser autorisation droit
obligatoire obliger obligation necessaire
aider aide soutien assistance
medecin docteur
hopital clinique
malade maladie souffrant
medicament traitement remede
pharmacie medicament
virus coronavirus covid
quarantaine isolement isoler confinement
symptome signe
attraper contracter infecter contaminer
transmettre transmission propager propagation contagieux
proteger protection prevenir prevention
enfant enfants fils fille bebe
parent parents mere pere maman papa
age agee ages agees aine senior vieux
famille proche
mari femme epoux epouse conjoint
enceinte grossesse
travail travailler emploi boulot job poste metier
employe salarie travailleur personnel
employeur patron chef entreprise
congedier licencier licenciement virer renvoyer
entreprise societe compagnie
magasin boutique commerce
epicerie supermarche
nourriture manger repas aliment denree
ecole college lycee cegep universite
eleve etudiant
professeur enseignant
garderie creche cpe
loyer louer location
locataire bail
pret emprunt credit dette
virement transfert
etranger international exterieur
pays etat
identifiant connexion
supprimer effacer
changer modifier modification changement
augmenter augmentation hausse
diminuer baisse reduire
rapide vite
limite maximum maximale plafond
duree temps longtemps
horaire heure heures
jour jours journee
conge conges vacances absence
rendez reunion
rassemblement evenement fete
impot impots fiscal
assurance assurer couvert couverture
gouvernement etat
loi lois legal regle reglement
vote election scrutin
document papier formulaire
plainte reclamation
abonnement forfait
nettoyer laver desinfecter
animal animaux chien chat
mourir mort deces mourant deceder
eglise culte messe
avocat juriste
tribunal juge prudhommes
crise urgence pandemie epidemie
reporter decaler repousser
danger dangereux risque
rester demeurer
revenir retour rentrer
prime bonus
essai periode
contrat cdd cdi
preavis delai
"""

_BY_LANGUAGE = {"en": _EN, "fr": _FR}

LANGUAGES = frozenset(_BY_LANGUAGE)
"""The languages that have a list."""


@lru_cache(maxsize=256)
def likes_of(languages: frozenset[str]) -> dict[str, frozenset[str]]:
    """By the stem of a word, the stems of what means about the same in one of the languages."""
    found: dict[str, frozenset[str]] = {}
    for group in _groups(languages):
        for stem in group:
            found[stem] = found.get(stem, frozenset()) | (group - {stem})
    return found


def _groups(languages: frozenset[str]) -> Iterator[frozenset[str]]:
    for language in sorted(languages & LANGUAGES):
        for line in _BY_LANGUAGE[language].strip().splitlines():
            yield frozenset(word[:STEM] for word in line.split())
