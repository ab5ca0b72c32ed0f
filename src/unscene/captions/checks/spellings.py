"""Irregular forms and phrases of several words, and the one name that they are compared by."""

# Phrases of several words, and the one name that they are compared by.
SAME_PHRASES = {
    "car park": "parking lot",
    "car parks": "parking lots",
    "french fries": "fries",
    "french fried": "fried",
    "make up": "makeup",
    "make-up": "makeup",
    "as well as": "and",
}
# Irregular forms behind their base.
IRREGULAR = {
    form: base
    for base, *forms in map(
        str.split,
        """\
go goes went going
think thought thinking
use uses used using
sleep slept
speak spoke spoken
drink drank drunk
build built
bend bent
bind bound
break broke broken
buy bought
bring brought
sell sold sale sales
teach taught
tell told
send sent
read reads reading
lead led
leap leapt
light lit lighted
lose lost
meet met
sing sang sung
sink sank sunk
spread spreads
stick stuck
sweep swept
swing swung
grow grew grown
blow blew blown
begin began begun
hide hid hidden
shake shook shaken
steal stole stolen
wind wound
weave wove woven
tie tying
die dying
firefighter firefighters fireman firemen
dad father daddy
mom mother mum mommy
tv television
grey gray
pajama pajamas pyjamas
tire tires tyre tyres
mustache moustache
jewelry jewellery
curb kerb
center centre
theater theatre
color colour
colors colours
harbor harbour
neighbor neighbour
favor favour
harbors harbours
colorful colourful
do does did done doing
come came
hold held
ride ridden rode
fly flown flew
eat eaten ate
sit sat
stand stood
lie lain lying
wear worn wore
throw thrown threw
catch caught
drive driven drove
take taken took
make made
give given gave
write written
run ran
swim swum swam
draw drawn
see seen saw
show shown
keep kept
feed fed
lay laid
hang hung
leaf leaves
man men
woman women
person people
child children
foot feet
tooth teeth
goose geese
mouse mice
knife knives
shelf shelves
loaf loaves
wolf wolves
bus buses
bench benches
dish dishes
couch couches
glasses glasses
be is are was were been being
have has had having
a an""".splitlines(),
    )
    for form in forms
}
