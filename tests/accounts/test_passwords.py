"""Which passwords are taken: a table of what people choose."""

from typing import Any

import pytest
from django.contrib.auth.password_validation import (
    password_validators_help_texts,
    validate_password,
)
from django.core.exceptions import ValidationError
from django.utils import translation

from accounts.models import Role, User
from accounts.passwords import NotGuessable
from tests.accounts.test_sign_in import call, sign_in

pytestmark = [pytest.mark.unit]


def clerk() -> User:
    role = Role(name="cashier", is_staff=True)
    return User(email="ana@clinica.test", full_name="Ana Pérez", role=role)


def patient() -> User:
    role = Role(name="user", is_staff=False)
    return User(email="pepe@casa.test", full_name="Pepe Gómez", role=role)


GUESSED = [
    "areamedica",
    "AreaMedica2026",
    "Área Médica 2026!!",
    "4r34m3d1c4_2026",
    "ClinicaAreaMedica1",
    "clínica-médica-123",
    "Banesco2026Banesco",
    "8anesco-banesc0-b4nesco",
    "B A N E S C O 2 0 2 6 * *",
    "b.a.n.e.s.c.o.2026",
    "pagomovil04141234567",
    "PagoMóvil.Banesco.01",
    "P4g0M0v1lP4g0M0v1l",
    "Venezuela2026!!",
    "venezuela-caracas",
    "VenezuelaLibre1999",
    "***caracas***caracas***",
    "ＣＡＲＡＣＡＳ２０２６１２３４",
    "ⓥⓔⓝⓔⓩⓤⓔⓛⓐ-2026-xx",
    "cаracas2026caracas".replace("а", "a"),
    "qwertyuiop123456",
    "QwErTyUiOpAsDfGh",
    "poiuytrewq0987654321",
    "1qaz2wsx3edc4rfv",
    "abcdefghijklmnop",
    "zyxwvutsrqponmlk",
    "123456789012345a",
    "aaaaaaaaaaaaaaaaaaaa",
    "abcabcabcabcabcabc",
    "casacasacasacasacasa",
    "20262026202620262026",
    "1998-1999-2000-2001",
    "!!!!!!!!!!!!!!!!!!!!",
    "--------------------",
    "                    ",
    "Password123456!!",
    "P@ssw0rd2026!!!!",
    "contraseña1234567",
    "Contrasena-Clave-1",
    "admin1234567890",
    "Administrador#2026",
    "Bienvenido-2026-01",
    "Welcome2Clinic2026",
    "enero2026febrero2026",
    "Diciembre.2026.!!",
    "lunesmartesmiercoles",
    "teamojesus2026!!",
    "iloveyouiloveyou",
    "michelle12345678",
    "m1ch3ll3-2026-!!!",
    "cajero-cajera-caja",
]
TAKEN = [
    "clave-de-prueba-larga-1",
    "otra-clave-bien-larga-2",
    "correcto caballo pila grapa",
    "mi abuela teje tres mantas",
    "la clinica de mi tia rosaura",
    "Banesco me debe nueve galletas",
    "tres tristes tigres trigaban",
    "el loro de Caracas bebe guarapo",
    "k9#Lm2$vQ8!xZ4@w",
    "7hG2-pQ9x-4rTz-8wLm",
    "ñandú·güiro·ñoño·ají",
    "漢字で書いた長い合言葉です今日は",
    "пароль достаточно длинный",
    "🦜🌴🐢 loro palma tortuga 🦜",
]


@pytest.mark.parametrize("password", GUESSED)
def test_what_anybody_here_would_try_is_refused(password: str) -> None:
    with pytest.raises(ValidationError) as refused:
        NotGuessable().validate(password)
    assert refused.value.code == "password_guessable"


@pytest.mark.parametrize("password", TAKEN)
def test_a_phrase_of_ones_own_is_taken(password: str) -> None:
    validate_password(password, clerk())


@pytest.mark.parametrize(
    ("length", "staff", "outsider"),
    [(7, False, False), (8, False, True), (14, False, True), (15, True, True)],
)
def test_staff_needs_fifteen_and_others_eight(
    length: int, staff: bool, outsider: bool
) -> None:
    password = "kmzpwtrvbnhgxqd"[:length]
    for user, is_taken in ((clerk(), staff), (patient(), outsider), (None, staff)):
        if is_taken:
            validate_password(password, user)
        else:
            with pytest.raises(ValidationError):
                validate_password(password, user)


@pytest.mark.parametrize("length", [129, 1024, 1_000_000])
def test_too_long_is_refused_and_soon(length: int) -> None:
    with pytest.raises(ValidationError):
        validate_password("ab cd" * (length // 5 + 1), clerk())
    # One sign that stands for eighteen must not become a long text either.
    with pytest.raises(ValidationError):
        validate_password("\ufdfa" * length, clerk())


def test_128_are_taken() -> None:
    phrase = "correcto caballo pila grapa nube tornillo y una lora vieja que no sabe "
    phrase += "cantar ni quiere aprender porque prefiere dormir al sol "
    validate_password(phrase + "z" * (128 - len(phrase)), clerk())


@pytest.mark.parametrize(
    ("language", "sentence", "help_text"),
    [
        ("es", "Esta contraseña es de las primeras", "Nada de palabras de la clínica"),
        ("en", "This password is one of the first", "No words of the clinic"),
    ],
)
def test_it_is_said_in_both_languages(
    language: str, sentence: str, help_text: str
) -> None:
    with translation.override(language):
        with pytest.raises(ValidationError) as refused:
            NotGuessable().validate("areamedica2026")
        assert refused.value.messages[0].startswith(sentence)
        assert any(text.startswith(help_text) for text in help_texts())


def help_texts() -> list[str]:
    return [str(text) for text in password_validators_help_texts()]


@pytest.mark.django_db
@pytest.mark.integration
def test_the_api_says_it_at_the_field(ana: User, api: Any) -> None:
    answer = api(ana).put(
        "/api/v1/profile/password",
        {
            "current_password": "clave-de-prueba-larga-1",
            "password": "AreaMedica-2026!!",
            "password_confirmation": "AreaMedica-2026!!",
        },
        format="json",
    )
    assert answer.status_code == 400
    (sentence,) = answer.json()["error"]["details"]["fields"]["password"]
    assert sentence.startswith("Esta contraseña es de las primeras")
    assert sign_in(ana).status_code == 200
    assert call("/login", {"email": ana.email, "password": "x"}).status_code == 401
